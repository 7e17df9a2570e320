import * as fs from 'node:fs';
import { inodeOf } from '@barkeep/sqlite-engine';

/** Where the system lists the descriptors of this process. Windows, which needs none of this, does not. */
const LIST = '/dev/fd';

/**
 * How many descriptors of this process lead to a file. Locks of POSIX do not hold between them, and
 * closing one drops the locks of all.
 */
export function countDescriptors(inode: string | undefined): number {
  if (!fs.existsSync(LIST)) return 0;
  return fs.readdirSync(LIST).filter((name) => inodeOf(`${LIST}/${name}`, fs) === inode).length;
}
