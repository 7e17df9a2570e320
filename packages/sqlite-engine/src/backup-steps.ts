import type { BackupProgress } from '@barkeep/storage';

/** Long work in short steps: between two of them it can be given up, by `return()`, which cleans up. */
export type BackupSteps<T> = Generator<BackupProgress, T, void>;

/** What progress a part of it is that is done, from 0 to 1. */
export type ProgressOf = (part: number) => BackupProgress;
