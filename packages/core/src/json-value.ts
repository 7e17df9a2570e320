/** A value that `JSON.stringify` and `JSON.parse` preserve. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
