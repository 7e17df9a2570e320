import { SymbolDesk } from './symbol-desk.ts';

export interface DeskRegisterOptions {
  readonly maxSymbols: number;
  readonly maxBytes: number;
  /** Hears of every desk that goes to keep a bound. */
  readonly onEvict: (desk: SymbolDesk) => void;
}

/** The desks of all symbols, in the order of their use, bounded in number and bytes. */
export class DeskRegister {
  readonly #options: DeskRegisterOptions;
  readonly #desks = new Map<string, SymbolDesk>();
  #newest: SymbolDesk | undefined;
  #oldest: SymbolDesk | undefined;
  #bytes = 0;

  constructor(options: DeskRegisterOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** For use: it becomes the last one to go. */
  get(symbol: string): SymbolDesk | undefined {
    const desk = this.#desks.get(symbol);
    if (desk !== undefined && desk !== this.#newest) this.#touch(desk);
    return desk;
  }

  /** The symbol's desk, made when there is none. What is put there counts after `settle`. */
  obtain(symbol: string): SymbolDesk {
    const known = this.get(symbol);
    if (known !== undefined) return known;
    const desk = new SymbolDesk(symbol);
    this.#desks.set(symbol, desk);
    this.#append(desk);
    return desk;
  }

  /** Counts a desk's bytes anew, removes it when it is empty, and keeps the bounds. */
  settle(desk: SymbolDesk): void {
    if (desk.isEmpty) {
      this.#remove(desk);
      return;
    }
    const bytes = desk.measure();
    this.#bytes += bytes - desk.bytes;
    desk.bytes = bytes;
    this.#keepBounds();
  }

  clear(): void {
    this.#desks.clear();
    this.#newest = undefined;
    this.#oldest = undefined;
    this.#bytes = 0;
  }

  /** A list of its own, so that desks may be settled on the way. */
  all(): SymbolDesk[] {
    return [...this.#desks.values()];
  }

  #keepBounds(): void {
    const { maxSymbols, maxBytes, onEvict } = this.#options;
    while (
      this.#oldest !== undefined &&
      (this.#desks.size > maxSymbols || this.#bytes > maxBytes)
    ) {
      const evicted = this.#oldest;
      this.#remove(evicted);
      onEvict(evicted);
    }
  }

  #remove(desk: SymbolDesk): void {
    this.#desks.delete(desk.symbol);
    this.#unlink(desk);
    this.#bytes -= desk.bytes;
    desk.bytes = 0;
  }

  #touch(desk: SymbolDesk): void {
    this.#unlink(desk);
    this.#append(desk);
  }

  #append(desk: SymbolDesk): void {
    desk.older = this.#newest;
    desk.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = desk;
    this.#newest = desk;
    this.#oldest ??= desk;
  }

  #unlink(desk: SymbolDesk): void {
    if (desk.newer === undefined) this.#newest = desk.older;
    else desk.newer.older = desk.older;
    if (desk.older === undefined) this.#oldest = desk.newer;
    else desk.older.newer = desk.newer;
  }
}
