/** Listens for what a Content-Security-Policy refuses; errors of the refused thing do not say so. */
export interface PolicyWatch {
  /** What was refused, in words that complete a sentence; `undefined` when nothing was. */
  refusal(): Promise<string | undefined>;
  stop(): void;
}

const EVENT = 'securitypolicyviolation';
/** The event may come a little after what it is about has failed. */
const PATIENCE_MS = 50;

/** In the page, or in the worker that calls it, for violations of these directives. */
export function watchPolicy(directives: readonly string[]): PolicyWatch {
  let refusal: string | undefined;
  const listen = (event: Event): void => {
    if (!(event instanceof SecurityPolicyViolationEvent)) return;
    const { effectiveDirective, blockedURI } = event;
    if (!directives.some((directive) => effectiveDirective.startsWith(directive))) return;
    refusal = `the Content-Security-Policy refuses ${blockedURI}: allow it in ${effectiveDirective}`;
  };
  globalThis.addEventListener?.(EVENT, listen);
  const stop = (): void => globalThis.removeEventListener?.(EVENT, listen);
  return {
    refusal: async () => {
      if (refusal === undefined) await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
      stop();
      return refusal;
    },
    stop,
  };
}
