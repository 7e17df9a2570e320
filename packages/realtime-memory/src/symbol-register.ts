import { SymbolValues } from './symbol-values.ts';

export interface SymbolRegisterOptions {
  readonly maxSymbols: number;
  readonly maxBytes: number;
  /** Hears of the values of every symbol that goes to keep a bound. */
  readonly onEvict: (values: SymbolValues) => void;
}

/** The values of all symbols, in the order of their use, bounded in number and bytes. */
export class SymbolRegister {
  readonly #options: SymbolRegisterOptions;
  readonly #symbols = new Map<string, SymbolValues>();
  #newest: SymbolValues | undefined;
  #oldest: SymbolValues | undefined;
  #bytes = 0;

  constructor(options: SymbolRegisterOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** For use: it becomes the last one to go. */
  get(symbol: string): SymbolValues | undefined {
    const values = this.#symbols.get(symbol);
    if (values !== undefined && values !== this.#newest) this.#touch(values);
    return values;
  }

  /** The symbol's values, made when there is none. What is put there counts after `settle`. */
  obtain(symbol: string): SymbolValues {
    const known = this.get(symbol);
    if (known !== undefined) return known;
    const values = new SymbolValues(symbol);
    this.#symbols.set(symbol, values);
    this.#append(values);
    return values;
  }

  /** Counts a symbol's bytes anew, removes it when it is empty, and keeps the bounds. */
  settle(values: SymbolValues): void {
    if (values.isEmpty) {
      this.#remove(values);
      return;
    }
    const bytes = values.measure();
    this.#bytes += bytes - values.bytes;
    values.bytes = bytes;
    this.#keepBounds();
  }

  clear(): void {
    this.#symbols.clear();
    this.#newest = undefined;
    this.#oldest = undefined;
    this.#bytes = 0;
  }

  /** A list of its own, so that symbols may be settled on the way. */
  all(): SymbolValues[] {
    return [...this.#symbols.values()];
  }

  #keepBounds(): void {
    const { maxSymbols, maxBytes, onEvict } = this.#options;
    while (
      this.#oldest !== undefined &&
      (this.#symbols.size > maxSymbols || this.#bytes > maxBytes)
    ) {
      const evicted = this.#oldest;
      this.#remove(evicted);
      onEvict(evicted);
    }
  }

  #remove(values: SymbolValues): void {
    this.#symbols.delete(values.symbol);
    this.#unlink(values);
    this.#bytes -= values.bytes;
    values.bytes = 0;
  }

  #touch(values: SymbolValues): void {
    this.#unlink(values);
    this.#append(values);
  }

  #append(values: SymbolValues): void {
    values.older = this.#newest;
    values.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = values;
    this.#newest = values;
    this.#oldest ??= values;
  }

  #unlink(values: SymbolValues): void {
    if (values.newer === undefined) this.#newest = values.older;
    else values.newer.older = values.older;
    if (values.older === undefined) this.#oldest = values.newer;
    else values.older.newer = values.newer;
  }
}
