import {
  ReferenceData,
  type ReferenceOptions,
  ReferenceStorage,
} from './storage/planted-bugs/reference-storage.ts';

const files = new Map<string, ReferenceData>();

/** The adapter of the README's example. */
export class MyStorage extends ReferenceStorage {
  constructor({ path, clock }: { readonly path: string } & Pick<ReferenceOptions, 'clock'>) {
    const data = files.get(path) ?? new ReferenceData();
    files.set(path, data);
    super({ clock, data });
  }
}
