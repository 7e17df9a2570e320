import { BarkeepError } from './barkeep-error.ts';

/**
 * What the import of an optional package threw: `MISSING_PACKAGE`, with the command that installs it,
 * where this very package was not found; as it is where the package itself could not be loaded.
 */
export function importFailure(error: unknown, name: string): unknown {
  if (!isMissing(error, name)) return error;
  const install = `npm install ${name}`;
  return new BarkeepError('MISSING_PACKAGE', `${name} is not installed: ${install}`, {
    cause: error,
    details: { package: name, install },
  });
}

/** Whether this very package was not found, rather than something that it imports. */
function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`'${name}'`)
  );
}
