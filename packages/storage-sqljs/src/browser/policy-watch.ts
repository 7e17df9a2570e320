/** Listens for what a Content-Security-Policy refuses; errors of the refused thing do not say so. */
export interface PolicyWatch {
  /** What was refused, in words that complete a sentence; `undefined` when nothing was. */
  refusal(): Promise<string | undefined>;
  stop(): void;
}

const EVENT = 'securitypolicyviolation';

/** In the page, or in the worker that calls it. */
export function watchPolicy(): PolicyWatch {
  let last: SecurityPolicyViolationEvent | undefined;
  const listen = (event: Event): void => {
    if (event instanceof SecurityPolicyViolationEvent) last = event;
  };
  globalThis.addEventListener?.(EVENT, listen);
  const stop = (): void => globalThis.removeEventListener?.(EVENT, listen);
  return {
    refusal: async () => {
      // The event may come a little after what it is about has failed.
      if (last === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      stop();
      return last && inWords(last);
    },
    stop,
  };
}

function inWords({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): string {
  return `the Content-Security-Policy of the page refuses ${blockedURI}; allow it in ${effectiveDirective}`;
}
