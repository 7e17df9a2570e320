/** How reads of one kind are told apart, and made. */
export interface SharedReadsOptions<Request, Value> {
  /** Equal for reads that may share one answer. */
  readonly textOf: (request: Request) => string;
  /** Changes when what the request is about does: reads before and after share nothing. */
  readonly stampOf: (request: Request) => number;
  /** Whether a value may be given to another reader. */
  readonly isUsable: (value: Value) => boolean;
  /** In the order of the requests. */
  readonly read: (requests: readonly Request[]) => Promise<readonly Value[]>;
}

/** A read under way, and the stamp of when it began. */
interface Flight<Value> {
  readonly value: Promise<Value>;
  readonly stamp: number;
}

/**
 * Reads, of which equal ones share their answer while it is under way, unless what they read has changed
 * since it began. So a thousand equal reads cost one.
 */
export class SharedReads<Request, Value> {
  readonly #options: SharedReadsOptions<Request, Value>;
  readonly #flights = new Map<string, Flight<Value>>();

  constructor(options: SharedReadsOptions<Request, Value>) {
    this.#options = options;
  }

  /** The values in the order of the requests; those that nobody reads yet are read together. */
  async load(requests: readonly Request[]): Promise<Value[]> {
    const launched: Request[] = [];
    const reading = Promise.withResolvers<readonly Value[]>();
    const values = requests.map((request) => {
      const joined = this.#join(request);
      if (joined !== undefined) return joined;
      const position = launched.push(request) - 1;
      return this.#launch(
        request,
        reading.promise.then((all) => valueAt(all, position)),
      );
    });
    if (launched.length > 0) reading.resolve(this.#options.read(launched));
    return Promise.all(values);
  }

  /** The value of the same read under way; read again when another reader took it for itself. */
  #join(request: Request): Promise<Value> | undefined {
    const { textOf, stampOf, isUsable, read } = this.#options;
    const flight = this.#flights.get(textOf(request));
    if (flight === undefined || flight.stamp !== stampOf(request)) return undefined;
    return flight.value.then(async (value) => {
      return isUsable(value) ? value : valueAt(await read([request]), 0);
    });
  }

  #launch(request: Request, value: Promise<Value>): Promise<Value> {
    const { textOf, stampOf } = this.#options;
    const text = textOf(request);
    const flight = { value, stamp: stampOf(request) };
    this.#flights.set(text, flight);
    const land = (): void => {
      if (this.#flights.get(text) === flight) this.#flights.delete(text);
    };
    value.then(land, land);
    return value;
  }
}

function valueAt<Value>(values: readonly Value[], position: number): Value {
  if (position >= values.length) throw new TypeError('every request must have an answer');
  // Its own place: the length was looked at.
  return values[position] as Value;
}
