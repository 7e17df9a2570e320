/** Saves that fail, or that the end of the process or of the power interrupts, at each of their steps. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { DatabaseFile } from '../src/file/database-file.ts';
import { temporaryPath } from './temporary-database.ts';

type StepName = 'create' | 'write' | 'truncate' | 'sync' | 'remove';

interface Step {
  readonly name: StepName;
  readonly path: string;
  readonly parameters: readonly unknown[];
}

/** Is told of each step before it is done, and may throw. */
const disk = vi.hoisted(() => ({ onStep: undefined as ((step: Step) => void) | undefined }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs/promises')>();
  const open: typeof fs.open = async (target, flags, mode) => {
    const path = String(target);
    if (flags === 'wx') disk.onStep?.({ name: 'create', path, parameters: [] });
    const file = await fs.open(path, flags, mode);
    for (const name of ['write', 'truncate', 'sync'] as const) {
      const method = file[name].bind(file) as (...parameters: unknown[]) => Promise<unknown>;
      const step = async (...parameters: unknown[]) => {
        disk.onStep?.({ name, path, parameters });
        return method(...parameters);
      };
      Object.assign(file, { [name]: step });
    }
    return file;
  };
  const rm: typeof fs.rm = async (path, options) => {
    disk.onStep?.({ name: 'remove', path: String(path), parameters: [] });
    await fs.rm(path, options);
  };
  return { ...fs, open, rm };
});

interface Version {
  /** Another one for each version. */
  readonly sum: number;
  readonly bytes: Uint8Array;
}

/** A database, and others that differ in pages, have more of them, fewer, or such of another size. */
function versions(pageSize = 4_096): readonly [old: Version, ...others: Version[]] {
  const database = newDatabase(pageSize);
  insert(database, 1);
  const old = versionOf(database);
  database.exec('UPDATE t SET x = 2 WHERE id % 40 = 0');
  const changed = versionOf(database);
  insert(database, 3);
  const longer = versionOf(database);
  database.exec('DELETE FROM t WHERE id > 100; VACUUM');
  const shorter = versionOf(database);
  const other = newDatabase(2_048);
  insert(other, 4);
  return [old, changed, longer, shorter, versionOf(other)];
}

function newDatabase(pageSize: number): Database.Database {
  const database = new Database(':memory:');
  onTestFinished(() => void database.close());
  database.exec(`
    PRAGMA page_size = ${pageSize};
    CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER, filling BLOB)
  `);
  return database;
}

function insert(database: Database.Database, x: number): void {
  const statement = database.prepare('INSERT INTO t VALUES (NULL, ?, randomblob(700))');
  for (let i = 0; i < 300; i += 1) statement.run(x);
}

function versionOf(database: Database.Database): Version {
  const sum = Number(database.prepare('SELECT sum(x) FROM t').pluck().get());
  return { sum, bytes: database.serialize() };
}

/** What SQLite finds at a path, after putting right what it has to. */
function sumAt(path: string): number {
  const database = new Database(path);
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    return Number(database.prepare('SELECT sum(x) FROM t').pluck().get());
  } finally {
    database.close();
  }
}

/** A file with the old version that is loaded. */
async function loaded(old: Version) {
  const path = temporaryPath();
  writeFileSync(path, old.bytes);
  const file = new DatabaseFile(path);
  onTestFinished(() => file.close());
  await file.load();
  return { path, file };
}

const FAILURES = [
  { system: 'ENOSPC', code: 'DISK_FULL' },
  { system: 'EROFS', code: 'READ_ONLY' },
  { system: 'EIO', code: 'IO' },
] as const;

it.each([
  { isOnce: true, failure: 'fails once' },
  { isOnce: false, failure: 'and all after it fail' },
])(
  'keeps the old version when a step $failure, whichever, and saves the next time',
  async ({ isOnce }) => {
    const [old, ...others] = versions();
    for (const { sum, bytes } of others) {
      for (let passing = 0, isFailing = true; isFailing; passing += 1) {
        const { path, file } = await loaded(old);
        const { system, code } = FAILURES[passing % FAILURES.length] ?? FAILURES[0];
        let steps = 0;
        let isVoid = false;
        disk.onStep = ({ name, parameters }) => {
          steps += 1;
          const isFailing = isOnce ? steps === passing + 1 : steps > passing;
          if (isFailing) throw Object.assign(new Error(`${system}: no`), { code: system });
          // A journal that is made void cannot be made valid again when nothing can be written any more.
          isVoid ||= !isOnce && name === 'write' && isZeroes(parameters[0]);
        };
        const error = await failureOf(file.save(bytes.slice()));
        disk.onStep = undefined;
        isFailing = error !== undefined;
        if (isFailing) expect(error).toMatchObject({ code, details: { path } });
        const copy = join(dirname(path), 'copy');
        cpSync(path, copy);
        if (!isVoid) expect(sumAt(copy)).toBe(isFailing ? old.sum : sum);
        await file.check();
        await file.save(bytes.slice());
        await file.close();
        expect(sumAt(path)).toBe(sum);
        expect(readdirSync(dirname(path)).toSorted()).toEqual(['copy', basename(path)]);
      }
    }
  },
);

it.each([512, 4_096, 65_536])(
  'is undone by whoever opens the file when the process goes away, pages of %i bytes',
  async (pageSize) => {
    const [old, ...others] = versions(pageSize);
    for (const { sum, bytes } of others) {
      const { path, file } = await loaded(old);
      const left: ReadonlyMap<string, Uint8Array>[] = [];
      disk.onStep = () => left.push(filesIn(dirname(path)));
      await file.save(bytes.slice());
      disk.onStep = undefined;
      left.push(filesIn(dirname(path)));
      const sums = left.map((files) => sumAt(join(written(files), basename(path))));
      const firstNew = sums.indexOf(sum);
      expect(firstNew).toBeGreaterThan(5);
      expect(sums).toEqual(sums.map((_, i) => (i < firstNew ? old.sum : sum)));
    }
  },
);

it('is undone, or has its full effect, when the power goes away in the middle', async () => {
  const random = numbersFrom(7);
  const [old, ...others] = versions();
  for (const { sum, bytes } of others) {
    const { path, file } = await loaded(old);
    const platter = new Platter(path, old.bytes);
    const left: ReadonlyMap<string, Uint8Array>[] = [];
    disk.onStep = (step) => {
      for (let i = 0; i < 3; i += 1) left.push(platter.afterPowerCut(random));
      platter.takes(step);
    };
    await file.save(bytes.slice());
    disk.onStep = undefined;
    for (const files of left) {
      expect([old.sum, sum]).toContain(sumAt(join(written(files), basename(path))));
    }
    const last = Array.from({ length: 3 }, () => platter.afterPowerCut(random));
    for (const files of last) expect(sumAt(join(written(files), basename(path)))).toBe(sum);
  }
});

function isZeroes(bytes: unknown): boolean {
  return bytes instanceof Uint8Array && bytes.every((byte) => byte === 0);
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error;
  }
}

function filesIn(directory: string): ReadonlyMap<string, Uint8Array> {
  return new Map(
    readdirSync(directory).map((name) => [
      name,
      new Uint8Array(readFileSync(join(directory, name))),
    ]),
  );
}

/** A directory with these files. */
function written(files: ReadonlyMap<string, Uint8Array>): string {
  const directory = dirname(temporaryPath());
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  return directory;
}

function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

type Change = (bytes: Uint8Array) => Uint8Array;

/** What a power cut leaves: of what was not synced any part, in any order; names until their directory is. */
class Platter {
  readonly #files = new Map<string, { bytes: Uint8Array; changes: Change[]; isNamed: boolean }>();
  readonly #directory: string;

  constructor(path: string, bytes: Uint8Array) {
    this.#directory = dirname(path);
    this.#files.set(path, { bytes, changes: [], isNamed: true });
  }

  takes({ name, path, parameters }: Step): void {
    if (path === this.#directory) {
      for (const file of this.#files.values()) file.isNamed = true;
      return;
    }
    if (name === 'create') this.#files.set(path, { bytes: empty(0), changes: [], isNamed: false });
    const file = this.#files.get(path);
    if (file === undefined) return;
    if (name === 'write') file.changes.push(writing(parameters));
    if (name === 'truncate') file.changes.push((bytes) => resized(bytes, Number(parameters[0])));
    if (name === 'sync') {
      file.bytes = file.changes.reduce((bytes, change) => change(bytes), file.bytes);
      file.changes = [];
    }
  }

  afterPowerCut(random: () => number): ReadonlyMap<string, Uint8Array> {
    const left = new Map<string, Uint8Array>();
    for (const [path, { bytes, changes, isNamed }] of this.#files) {
      if (!isNamed && random() < 0.5) continue;
      const kept = changes.filter(() => random() < 0.5);
      left.set(
        basename(path),
        kept.reduce((before, change) => change(before), bytes),
      );
    }
    return left;
  }
}

function writing([bytes, offset, length, position]: readonly unknown[]): Change {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('no bytes');
  const part = bytes.slice(Number(offset), Number(offset) + Number(length));
  return (before) => {
    const after = resized(before, Math.max(before.length, Number(position) + part.length));
    after.set(part, Number(position));
    return after;
  };
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const after = empty(length);
  after.set(bytes.subarray(0, length));
  return after;
}

function empty(length: number): Uint8Array {
  return new Uint8Array(length);
}
