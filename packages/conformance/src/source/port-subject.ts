import type {
  ConformanceHarness,
  ConformanceSubject,
  HarnessContext,
} from '../conformance-harness.ts';

/** How a suite gets hold of an implementation of a port. */
export interface PortHarness<UnderTest extends PortUnderTest>
  extends Pick<ConformanceHarness<ConformanceSubject>, 'name' | 'knownGaps' | 'model'> {
  create(context: HarnessContext): UnderTest | Promise<UnderTest>;
}

/** What a harness of a port makes. */
export interface PortUnderTest {
  /** Frees what the harness holds. */
  readonly close?: (() => void | Promise<void>) | undefined;
}

/** A port in the shape that the runner knows: it is made open. */
export interface PortSubject<UnderTest, Capabilities extends object> extends ConformanceSubject {
  readonly capabilities: Capabilities;
  readonly underTest: UnderTest;
}

export function subjectHarness<UnderTest extends PortUnderTest, Capabilities extends object>(
  harness: PortHarness<UnderTest>,
  capabilitiesOf: (underTest: UnderTest) => Capabilities,
): ConformanceHarness<PortSubject<UnderTest, Capabilities>> {
  return {
    ...harness,
    create: async (context) => {
      const underTest = await harness.create(context);
      let closing: Promise<void> | undefined;
      const close = async (): Promise<void> => underTest.close?.();
      return {
        underTest,
        capabilities: capabilitiesOf(underTest),
        open: async () => undefined,
        close: () => {
          closing ??= close();
          return closing;
        },
      };
    },
  };
}
