import { missingPackage } from '@barkeep/core';
import type { AdapterFactory } from './adapter-from-url.ts';

/**
 * A factory that calls a constructor.
 * @throws BarkeepError `MISSING_PACKAGE` without one: some bundlers put a module that exports nothing in
 * the place of a package that is not installed.
 */
export function constructing<Adapter>(
  Class: (new (options: never) => Adapter) | undefined,
  packageName: string,
): AdapterFactory<Adapter> {
  if (Class === undefined) throw missingPackage(packageName);
  return (options) => new Class(options);
}
