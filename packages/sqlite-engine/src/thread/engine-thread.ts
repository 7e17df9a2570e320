/** A thread that runs an engine: what is used of `Worker` of `node:worker_threads`, and can be made of a Web Worker. */
export interface EngineThread {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message' | 'messageerror' | 'error', listener: (value: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  removeAllListeners(event: string): unknown;
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

/** Where a client gets its thread from, and where that goes when its connection is closed. */
export interface EngineThreads {
  take(): EngineThread;
  giveBack(thread: EngineThread): Promise<unknown>;
}
