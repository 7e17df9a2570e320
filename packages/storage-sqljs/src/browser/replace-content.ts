/** What is used of https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle. */
interface SyncAccessHandle {
  truncate(size: number): void;
  /** How many bytes were written. */
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

/** Workers have this; pages do not, and neither do their types. */
interface WorkersFileHandle {
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
}

/** Replaces what a file of OPFS holds: to the disk where that can be asked for. */
export async function replaceContent(
  file: FileSystemFileHandle & WorkersFileHandle,
  parts: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const access = await file.createSyncAccessHandle?.();
  if (access === undefined) await streamTo(file, parts);
  else writeThrough(access, parts);
}

function writeThrough(access: SyncAccessHandle, parts: readonly Uint8Array[]): void {
  try {
    access.truncate(0);
    let at = 0;
    for (const part of parts) {
      const written = access.write(part, { at });
      if (written < part.length) throw new Error(`wrote ${written} of ${part.length} bytes`);
      at += written;
    }
    access.flush();
  } finally {
    access.close();
  }
}

async function streamTo(
  file: FileSystemFileHandle,
  parts: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const writable = await file.createWritable();
  try {
    for (const part of parts) await writable.write(part);
    await writable.close();
  } catch (error) {
    // What was written is dropped. A stream that has failed cannot be aborted any more.
    await writable.abort().catch(() => undefined);
    throw error;
  }
}
