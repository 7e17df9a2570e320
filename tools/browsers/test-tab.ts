/** One window of a browser, however the browser is driven. */
export interface TestTab {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /**
   * Runs a function in the page and returns what it resolves to. The function sees nothing of its
   * surroundings; its argument and its result travel as JSON.
   */
  evaluate<Result>(body: () => Result): Promise<Awaited<Result>>;
  evaluate<Argument, Result>(
    body: (argument: Argument) => Result,
    argument: Argument,
  ): Promise<Awaited<Result>>;
  close(): Promise<void>;
}

/** A browser that a test has launched. Its tabs share what sites store, and nothing outlives it. */
export interface TestBrowser {
  readonly version: string;
  newTab(): Promise<TestTab>;
  close(): Promise<void>;
}

/** Sends source text to a page, as `evaluate` of Playwright, BiDi and WebDriver each need it. */
export type RunInPage = (expression: string) => Promise<unknown>;

/** `TestTab.evaluate` by way of expressions that resolve to a JSON text. */
export function evaluateBy(run: RunInPage): TestTab['evaluate'] {
  return async <Argument, Result>(
    body: (argument: Argument) => Result,
    argument?: Argument,
  ): Promise<Awaited<Result>> => {
    const sent = argument === undefined ? '' : JSON.stringify(argument);
    const text = await run(
      `Promise.resolve((${body})(${sent})).then((value) => JSON.stringify({ value }))`,
    );
    return JSON.parse(String(text)).value;
  };
}
