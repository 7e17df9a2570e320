import type { WriteStream } from 'node:tty';

/** Shows what is going on right now; an empty text clears it. */
export type Progress = (text: string) => void;

/** One line that overwrites itself; silent unless the stream is a terminal. */
export function progressOn(stream: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>): Progress {
  if (!stream.isTTY) return () => {};
  return (text) => {
    stream.write(`\r\u001B[2K${text.slice(0, Math.max(0, stream.columns - 1))}`);
  };
}
