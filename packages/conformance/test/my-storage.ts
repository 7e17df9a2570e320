import {
  ReferenceData,
  type ReferenceOptions,
  ReferenceStorage,
} from './storage/planted-bugs/reference-storage.ts';

/** The adapter of the README's example. */
export class MyStorage extends ReferenceStorage {
  constructor({ path, clock }: { readonly path: string } & Pick<ReferenceOptions, 'clock'>) {
    super({ clock, path, data: ReferenceData.load(path) });
  }
}
