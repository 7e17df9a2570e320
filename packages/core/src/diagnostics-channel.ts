/** The parts of `node:diagnostics_channel` that are used here. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: object): void;
}

interface TracingChannel {
  /** Absent before Node 22, and in some other runtimes. */
  readonly hasSubscribers?: boolean;
  tracePromise<T>(work: () => Promise<T>, context: object): Promise<T>;
}

interface DiagnosticsModule {
  channel(name: string): Channel;
  tracingChannel(name: string): TracingChannel;
}

/**
 * A channel of `node:diagnostics_channel`. On platforms without it, nothing is published. Check
 * `isHeard` before building a message, to avoid the cost when there is no subscriber.
 */
export class DiagnosticsChannel<Message extends object> {
  readonly #channel: Channel | undefined;

  constructor(name: string) {
    this.#channel = diagnostics?.channel(name);
  }

  /** Whether the channel has subscribers. */
  get isHeard(): boolean {
    return this.#channel?.hasSubscribers === true;
  }

  publish(message: Message): void {
    this.#channel?.publish(message);
  }
}

/**
 * A tracing channel of `node:diagnostics_channel`: `tracing:<name>:start`, `:end`, `:asyncStart`,
 * `:asyncEnd` and `:error`, all with the same context object. Check `isHeard` before using it.
 */
export class TraceChannel<Context extends object> {
  readonly #channel: TracingChannel | undefined;

  constructor(name: string) {
    this.#channel = diagnostics?.tracingChannel(name);
  }

  /** Whether the channel has subscribers. */
  get isHeard(): boolean {
    return this.#channel?.hasSubscribers === true;
  }

  trace<T>(context: Context, work: () => Promise<T>): Promise<T> {
    return this.#channel === undefined ? work() : this.#channel.tracePromise(work, context);
  }
}

const diagnostics = diagnosticsModule();

/** Asked for at run time: an import would not resolve in browsers. */
function diagnosticsModule(): DiagnosticsModule | undefined {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
  };
  const found = process?.getBuiltinModule?.('node:diagnostics_channel');
  return isDiagnosticsModule(found) ? found : undefined;
}

function isDiagnosticsModule(found: unknown): found is DiagnosticsModule {
  return (
    typeof found === 'object' && found !== null && 'channel' in found && 'tracingChannel' in found
  );
}
