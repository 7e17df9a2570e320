/** How reads of one kind are told apart, and made. */
export interface SharedReadsOptions<Request, Value> {
  /** Equal for reads that may share one answer. */
  readonly textOf: (request: Request) => string;
  /** The number of the last change so far, of what the request is about. */
  readonly stampOf: (request: Request) => number;
  /** Whether nothing has changed since a number. */
  readonly isCurrent: (request: Request, stamp: number) => boolean;
  /** In the order of the requests. */
  readonly read: (requests: readonly Request[]) => Promise<readonly Value[]>;
}

/** A read on its way, and the number of the last change before it began. */
interface Flight<Value> {
  readonly value: Promise<Value>;
  readonly stamp: number;
}

/**
 * Reads, of which equal ones share their answer while it is on its way: whoever asks for what is being
 * read waits for the same, unless it has changed since. So a thousand equal reads cost one.
 */
export class SharedReads<Request, Value> {
  readonly #options: SharedReadsOptions<Request, Value>;
  readonly #flights = new Map<string, Flight<Value>>();

  constructor(options: SharedReadsOptions<Request, Value>) {
    this.#options = options;
  }

  /** The values in the order of the requests; what nobody is reading yet is read together. */
  load(requests: readonly Request[]): Promise<Value[]> {
    const search = new Search<Request, Value>();
    const values = requests.map(
      (request) => this.#underway(request) ?? this.#launch(request, search),
    );
    if (search.requests.length > 0) this.#start(search);
    return Promise.all(values);
  }

  #underway(request: Request): Promise<Value> | undefined {
    const { textOf, isCurrent } = this.#options;
    const flight = this.#flights.get(textOf(request));
    return flight !== undefined && isCurrent(request, flight.stamp) ? flight.value : undefined;
  }

  #launch(request: Request, search: Search<Request, Value>): Promise<Value> {
    const { textOf, stampOf } = this.#options;
    const flight = { value: search.add(request), stamp: stampOf(request) };
    this.#flights.set(textOf(request), flight);
    return flight.value;
  }

  #start(search: Search<Request, Value>): void {
    const { textOf, read } = this.#options;
    const texts = search.requests.map(textOf);
    const flights = texts.map((text) => this.#flights.get(text));
    const land = (): void => {
      for (const [i, text] of texts.entries()) {
        if (this.#flights.get(text) === flights[i]) this.#flights.delete(text);
      }
    };
    const reading = read(search.requests);
    search.settle(reading);
    reading.then(land, land);
  }
}

/** What one call has to read, each value a promise before the reading begins. */
class Search<Request, Value> {
  readonly requests: Request[] = [];
  readonly #found = Promise.withResolvers<readonly Value[]>();

  add(request: Request): Promise<Value> {
    const position = this.requests.push(request) - 1;
    return this.#found.promise.then((values) => {
      if (position >= values.length) throw new TypeError('every request must have an answer');
      // Its own place: the length was looked at.
      return values[position] as Value;
    });
  }

  settle(values: Promise<readonly Value[]>): void {
    this.#found.resolve(values);
  }
}
