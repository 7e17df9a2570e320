import { MIGRATIONS } from './schema.ts';
import type { SqliteDriver } from './sqlite-driver.ts';

/**
 * What tables, views and indexes are declared as, by name: the parts of each declaration in an order of
 * their own, so that one table reads the same whether a column was declared with it or added later, and
 * however a tool has quoted and spaced it.
 */
export type SchemaShape = ReadonlyMap<string, string>;

/** A declaration in one line: `create table NAME (A, B) strict`. */
interface Declaration {
  readonly kind: string;
  readonly name: string;
  readonly parts: readonly string[];
  readonly rest: string;
}

const TABLE = /^(create table) (\w+) ?\((.*)\)([^)]*)$/;
const VIEW_OR_INDEX = /^(create (?:view|index|unique index)) (\w+)(.*)$/;
const ADDED_COLUMN = /^alter table (\w+) add column (.*)$/;

/** What a list of migrations makes, version by version. */
export class SchemaHistory {
  /** The latest. */
  readonly version: number;
  readonly migrations: readonly string[];
  /** The shape of each version, from 1 on. */
  readonly #shapes: readonly SchemaShape[];
  /** Every name that a version gives to anything. */
  readonly #ownNames: ReadonlySet<string>;

  constructor(migrations: readonly string[]) {
    this.version = migrations.length;
    this.migrations = migrations;
    this.#shapes = migrations.map((_, i) => shapeOf(statementsOf(migrations.slice(0, i + 1))));
    this.#ownNames = new Set(this.#shapes.flatMap((shape) => [...shape.keys()]));
  }

  /** Whether a table, view or index is one of ours. */
  isOwnName(name: string): boolean {
    return this.#ownNames.has(name);
  }

  /** What the database declares under names of ours; what else it has is not our business. */
  read(driver: SqliteDriver): SchemaShape {
    const found = driver
      .prepare<readonly [sql: string]>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL')
      .all([]);
    const shape = shapeOf(found.map(([sql]) => sql));
    return new Map([...shape].filter(([name]) => this.#ownNames.has(name)));
  }

  /** Which schema version the tables are those of, whatever the header says. */
  versionOf(shape: SchemaShape): number | undefined {
    const index = this.#shapes.findIndex((expected) => differences(shape, expected).length === 0);
    return index === -1 ? undefined : index + 1;
  }

  /** What is wrong with tables that are to be those of a version, in words. */
  faultsOf(shape: SchemaShape, version: number): string[] {
    const expected = this.#shapes[version - 1] ?? this.#shapes.at(-1) ?? new Map();
    return differences(shape, expected).map((name) => {
      if (!shape.has(name)) return `${name} is missing`;
      return expected.has(name) ? `${name} is not what it was made as` : `${name} is too many`;
    });
  }

  /** The views, by name, that are missing or declare something else, with the statement that makes each. */
  alteredViews(shape: SchemaShape): ReadonlyMap<string, string> {
    const expected = this.#shapes.at(-1);
    const views = this.#views(this.version);
    return new Map([...views].filter(([name]) => shape.get(name) !== expected?.get(name)));
  }

  /** The statements that make views of a version which are missing: they hold nothing, so nothing is lost. */
  missingViews(shape: SchemaShape, version: number): string[] {
    const views = this.#views(version);
    return [...views].filter(([name]) => !shape.has(name)).map(([, statement]) => statement);
  }

  /** The views of a version, by name. */
  #views(version: number): ReadonlyMap<string, string> {
    const views = new Map<string, string>();
    for (const statement of statementsOf(this.migrations.slice(0, version))) {
      const { kind, name } = declarationOf(statement) ?? {};
      if (kind === 'create view' && name !== undefined) views.set(name, statement);
    }
    return views;
  }
}

/** Ours. */
export const SCHEMA: SchemaHistory = new SchemaHistory(MIGRATIONS);

function statementsOf(migrations: readonly string[]): string[] {
  return migrations.flatMap((migration) => migration.split(';'));
}

function differences(shape: SchemaShape, expected: SchemaShape): string[] {
  const names = new Set([...expected.keys(), ...shape.keys()]);
  return [...names].filter((name) => {
    const isView = expected.get(name)?.startsWith('create view') ?? false;
    return shape.get(name) !== expected.get(name) && !isView;
  });
}

function shapeOf(statements: readonly string[]): SchemaShape {
  const declared = new Map<string, Declaration>();
  for (const statement of statements) {
    const declaration = declarationOf(statement);
    if (declaration !== undefined) declared.set(declaration.name, declaration);
    const [, table = '', column = ''] = ADDED_COLUMN.exec(inOneLine(statement)) ?? [];
    const altered = declared.get(table);
    if (altered !== undefined) {
      declared.set(table, { ...altered, parts: [...altered.parts, column] });
    }
  }
  return new Map(
    [...declared.values()].map(({ kind, name, parts, rest }) => [
      name,
      `${kind} ${name} (${parts.toSorted().join(', ')}) ${rest}`,
    ]),
  );
}

function declarationOf(statement: string): Declaration | undefined {
  const sql = inOneLine(statement);
  const [, table, tableName, body, options] = TABLE.exec(sql) ?? [];
  if (table !== undefined && tableName !== undefined) {
    return { kind: table, name: tableName, parts: partsOf(body ?? ''), rest: optionsOf(options) };
  }
  const [, kind, name, rest] = VIEW_OR_INDEX.exec(sql) ?? [];
  if (kind === undefined || name === undefined) return undefined;
  return { kind, name, parts: [], rest: rest ?? '' };
}

function inOneLine(statement: string): string {
  return statement
    .toLowerCase()
    .replaceAll(/["'`[\]]/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([(),]) ?/g, '$1')
    .trim();
}

function optionsOf(options = ''): string {
  return options
    .split(',')
    .map((option) => option.trim())
    .toSorted()
    .join(', ');
}

/** What commas divide that are in no parentheses. */
function partsOf(body: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of body) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts;
}
