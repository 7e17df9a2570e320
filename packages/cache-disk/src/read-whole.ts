import { closeSync, constants, fstatSync, open, read } from 'node:fs';

/** Files are read in blocks of at least so many bytes. */
const SMALLEST_BLOCK = 16_384;

/** One read takes no more. */
const LARGEST_READ = 2 ** 31 - 1;

/** For reading, without waiting for a writer where it is a pipe. */
export const READ_AT_ONCE: number = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * All of a file, in two trips to the thread pool when its size is known: half as many as
 * `fs.promises.readFile` takes, whose trips cost more than the reading. What is no regular file, or
 * larger than `largest`, reads as empty.
 */
export function readWhole(path: string, expectedBytes: number, largest: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    open(path, READ_AT_ONCE, (cannotOpen, file) => {
      if (cannotOpen !== null) {
        reject(cannotOpen);
        return;
      }
      const settle = (error: Error | null, bytes: Buffer): void => {
        // Nothing was written, so closing waits for no disk: it is done sooner than it would be handed over.
        closeSync(file);
        if (error === null) resolve(bytes);
        else reject(error);
      };
      // It is open: looking at it waits for no disk.
      const status = fstatSync(file);
      if (!status.isFile() || status.size > Math.min(largest, LARGEST_READ)) {
        settle(null, Buffer.alloc(0));
        return;
      }
      const readFrom = (buffer: Buffer, filled: number): void => {
        read(file, buffer, filled, buffer.length - filled, filled, (error, count) => {
          const end = filled + count;
          // A read that does not fill the buffer has met the end of the file.
          if (error !== null || end < buffer.length) settle(error, buffer.subarray(0, end));
          else readFrom(Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]), end);
        });
      };
      readFrom(Buffer.allocUnsafe(Math.max(SMALLEST_BLOCK, expectedBytes + 1)), 0);
    });
  });
}
