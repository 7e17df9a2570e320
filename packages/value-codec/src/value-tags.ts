/** The first byte of every encoded value. What follows is one CBOR item (RFC 8949). */
export const FORMAT_VERSION = 1;

/** RFC 8949, section 3.4.3: the bytes of n, big-endian. */
export const POSITIVE_BIGNUM = 2;
/** RFC 8949, section 3.4.3: the bytes of −1 − n, big-endian. */
export const NEGATIVE_BIGNUM = 3;
/** RFC 8746, section 2.1: doubles, little-endian. */
export const FLOAT64_ARRAY = 86;

/** Of our own, from the range that is free for anyone: "bk" and a number. */
/** A string that UTF-8 would change: its UTF-16 units, little-endian. */
export const UTF16_STRING = 0x626b_0001;
/** `[symbol, timeframe, segment, …]`. */
export const CANDLE_SERIES = 0x626b_0002;
/** A part that stands in several places, where it stands first. They are counted in the order they end. */
export const SHARED_PART = 0x626b_0003;
/** The number of a shared part, where it stands again. */
export const PART_AGAIN = 0x626b_0004;
