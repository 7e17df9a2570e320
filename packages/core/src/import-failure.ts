import { BarkeepError } from './barkeep-error.ts';

/** Messages of Node, Bun, browsers and bundlers for a module that was not found. */
const NOT_FOUND =
  /cannot find (module|package)|could not resolve|failed to resolve|does not resolve|bare specifier|dynamic require/i;
/** The first quoted name in the message: the missing module, before the importer. */
const FIRST_QUOTED = /['"“`]([^'"”`]+)['"”`]/;

/**
 * Converts an error from importing an optional package: `MISSING_PACKAGE` with the install command
 * if this package was not found, otherwise the error as is.
 */
export function importFailure(error: unknown, name: string): unknown {
  return isMissing(error, name) ? missingPackage(name, error) : error;
}

/** Returns a `MISSING_PACKAGE` error with the install command. */
export function missingPackage(name: string, cause?: unknown): BarkeepError {
  const install = `npm install ${name}`;
  return new BarkeepError('MISSING_PACKAGE', `${name} is not installed: ${install}`, {
    cause,
    details: { package: name, install },
  });
}

/** Whether this very package was not found, rather than something that it imports. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || BarkeepError.is(error)) return false;
  const [, found] = FIRST_QUOTED.exec(error.message) ?? [];
  return found === name && NOT_FOUND.test(error.message);
}
