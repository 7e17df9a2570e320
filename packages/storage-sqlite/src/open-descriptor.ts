import * as fs from 'node:fs';
import { inodeOf } from '@barkeep/sqlite-engine';

/** A file that this process has open. */
export interface OpenDescriptor {
  /** As other processes see it. */
  readonly descriptor: string;
  /** Where it is now. */
  readonly path: string;
  /** How many names it has: none when it was deleted. */
  readonly links: number;
}

/** Where Linux shows what a process has open. Looking there opens nothing. */
const DESCRIPTORS = '/proc/self/fd';

/** The file of a device and inode (as of `inodeOf`) among those that are open, where the system tells. */
export function openDescriptorOf(inode: string | undefined): OpenDescriptor | undefined {
  if (inode === undefined || !fs.existsSync(DESCRIPTORS)) return undefined;
  const number = fs
    .readdirSync(DESCRIPTORS)
    .find((each) => inodeOf(`${DESCRIPTORS}/${each}`, fs) === inode);
  if (number === undefined) return undefined;
  const own = `${DESCRIPTORS}/${number}`;
  return {
    descriptor: `/proc/${process.pid}/fd/${number}`,
    path: fs.readlinkSync(own),
    links: fs.statSync(own).nlink,
  };
}
