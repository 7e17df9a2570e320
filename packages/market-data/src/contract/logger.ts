/**
 * Whatever takes log lines: pino, `console`, or an object with the same methods. One with a method `child`
 * and none named `log`, as pino, is given the fields as an object before the message; any other, one line
 * of text with the fields at its end.
 */
export interface Logger {
  debug(...line: unknown[]): unknown;
  info(...line: unknown[]): unknown;
  warn(...line: unknown[]): unknown;
  error(...line: unknown[]): unknown;
}
