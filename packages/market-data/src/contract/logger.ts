/**
 * A logger: pino, `console`, or any object with these methods. If it has a `child` method and no
 * `log` method, as pino does, it is called with an object of fields and then the message. Any other
 * logger receives one line of text with the fields at the end.
 */
export interface Logger {
  debug(...line: unknown[]): unknown;
  info(...line: unknown[]): unknown;
  warn(...line: unknown[]): unknown;
  error(...line: unknown[]): unknown;
}
