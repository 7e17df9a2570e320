import type { KeyKind, SymbolKeys } from './symbol-keys.ts';

/** What the keys of each kind end with. */
export const KEY_LETTERS: Readonly<Record<KeyKind, string>> = {
  ticker: 't',
  orderBook: 'b',
  trades: 'l',
};

const KINDS: ReadonlyMap<string, KeyKind> = new Map([
  [KEY_LETTERS.ticker, 'ticker'],
  [KEY_LETTERS.orderBook, 'orderBook'],
  [KEY_LETTERS.trades, 'trades'],
]);

/** The ends of all keys that hold data: the kinds, ids of trades, late ones, and how many have arrived. */
const VALUE_KINDS: ReadonlySet<string> = new Set(['t', 'b', 'l', 'i', 'z', 's']);

/** Cannot be the tag of a symbol, where every `%` is followed by two digits. */
const COMMON_TAG = '%';

/** Symbols whose keys are remembered. */
const MOST_REMEMBERED = 50_000;

/**
 * The names of all keys below one prefix: `<prefix>{<symbol>}:<kind>`. A prefix has no braces, so the
 * first one ends it, and no prefix ever matches the keys of another.
 */
export class KeySpace {
  readonly prefix: string;
  /** Where writes are told. */
  readonly channel: string;
  readonly #known = new Map<string, SymbolKeys>();

  constructor(prefix: string) {
    this.prefix = prefix;
    this.channel = `${prefix}{${COMMON_TAG}}:live`;
  }

  get commonTag(): string {
    return COMMON_TAG;
  }

  /** A pattern that matches the keys of every symbol, and of this prefix only. */
  get pattern(): string {
    return `${this.prefix.replace(/[\\*?[\]]/g, '\\$&')}{*`;
  }

  of(symbol: string): SymbolKeys {
    const known = this.#known.get(symbol);
    if (known !== undefined) return known;
    const keys = this.#make(symbol);
    this.#known.set(symbol, keys);
    this.#forgetOldest();
    return keys;
  }

  /** Of every symbol this process has lately asked for. */
  remembered(): IterableIterator<SymbolKeys> {
    return this.#known.values();
  }

  /** The key that lists the symbols. */
  get list(): string {
    return `${this.prefix}{${COMMON_TAG}}:x`;
  }

  /** The key that numbers the writes below a tag. */
  sequence(tag: string): string {
    return `${this.prefix}{${tag}}:n`;
  }

  /** The key that remembers what a writer was answered below a tag. */
  answers(tag: string, writer: string): string {
    return `${this.prefix}{${tag}}:w:${writer}`;
  }

  /** What a key holds, or `undefined` when it is none of a symbol's values. */
  parse(key: string): { readonly kind: KeyKind; readonly symbol: string } | undefined {
    const end = key.lastIndexOf('}:');
    const kind = KINDS.get(key.slice(end + 2));
    if (kind === undefined || !key.startsWith(`${this.prefix}{`)) return undefined;
    return { kind, symbol: unescapeSymbol(key.slice(this.prefix.length + 1, end)) };
  }

  /** Whether a key holds data, unlike those that keep repeated writes from taking effect twice. */
  isValue(key: string): boolean {
    return VALUE_KINDS.has(key.slice(key.lastIndexOf('}:') + 2));
  }

  #make(symbol: string): SymbolKeys {
    const tag = escapeSymbol(symbol);
    const base = `${this.prefix}{${tag}}:`;
    return {
      symbol,
      tag,
      ticker: base + KEY_LETTERS.ticker,
      orderBook: base + KEY_LETTERS.orderBook,
      trades: base + KEY_LETTERS.trades,
      tradeIds: `${base}i`,
      lateTrades: `${base}z`,
      arrivals: `${base}s`,
      expiresAt: { ticker: undefined, orderBook: undefined, trades: undefined },
      listedUntil: Number.NEGATIVE_INFINITY,
    };
  }

  #forgetOldest(): void {
    if (this.#known.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}

/** Braces would end the hash tag early, or make it empty. */
function escapeSymbol(symbol: string): string {
  return symbol.replace(/[%{}]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

function unescapeSymbol(tag: string): string {
  return tag.replace(/%(25|7b|7d)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
