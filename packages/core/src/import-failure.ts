import { BarkeepError } from './barkeep-error.ts';

/** What Node, Bun, browsers and bundlers say of a module that is not there. */
const NOT_FOUND =
  /cannot find (module|package)|could not resolve|failed to resolve|does not resolve|bare specifier|dynamic require/i;
/** The first thing that is quoted, in whichever quotes: what was not found, before who asked for it. */
const FIRST_QUOTED = /['"“`]([^'"”`]+)['"”`]/;

/**
 * What the import of an optional package threw: `MISSING_PACKAGE`, with the command that installs it,
 * where this very package was not found; as it is where the package itself could not be loaded.
 */
export function importFailure(error: unknown, name: string): unknown {
  return isMissing(error, name) ? missingPackage(name, error) : error;
}

/** `MISSING_PACKAGE`, with the command that installs it. */
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
