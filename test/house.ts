/** Reads the workspace from disk: its packages and apps, their manifests and their imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly license?: string;
  readonly repository?: { readonly directory?: string };
  readonly type?: string;
  readonly sideEffects?: boolean | readonly string[];
  readonly engines?: { readonly node?: string };
  readonly files?: readonly string[];
  readonly exports?: Exports;
  readonly publishConfig?: { readonly access?: string; readonly exports?: Exports };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Dependencies;
  readonly devDependencies?: Dependencies;
  readonly peerDependencies?: Dependencies;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export type Exports = Readonly<Record<string, string | Conditions>>;
/** A file for each condition; one that is an object has files for the conditions within it. */
export type Conditions = Readonly<Record<string, string | Readonly<Record<string, string>>>>;
export type Dependencies = Readonly<Record<string, string>>;

/** A package or an app. */
export interface Member {
  /** The folder's name: `storage-sqlite`. */
  readonly folder: string;
  /** From the root of the repository: `packages/storage-sqlite`. */
  readonly path: string;
  readonly manifest: Manifest;
  /** The `extends` of its tsconfig.json is tsconfig.node.json: it may use what only Node has. */
  readonly nodeOnly: boolean;
  /** What its `src` imports. */
  readonly imports: readonly Import[];
  /** What its `test` imports. */
  readonly testImports: readonly Import[];
}

export interface Import {
  /** The file that imports, from the root of the repository. */
  readonly file: string;
  readonly specifier: string;
  /** Written as `import()`, outside of types. */
  readonly dynamic: boolean;
}

export const root = resolve(import.meta.dirname, '..');

export const rootManifest = readJson<Manifest>('package.json');

export const packages = readMembers('packages');

export const apps = readMembers('apps');

/** Names and versions of the catalog in pnpm-workspace.yaml. */
export const catalog = readCatalog();

/** `@scope/name` or `name` of a specifier such as `@scope/name/sub/path`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

export function isRelative({ specifier }: Import): boolean {
  return specifier.startsWith('.');
}

export function isNodeBuiltin({ specifier }: Import): boolean {
  return specifier.startsWith('node:');
}

/** Imports of packages: neither of files nearby nor of Node's own modules. */
export function packageImports(imports: readonly Import[]): Import[] {
  return imports.filter((one) => !isRelative(one) && !isNodeBuiltin(one));
}

/** All files below a folder, from the root of the repository. */
export function filesBelow(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Every import, export from, import type and `import()` with a literal specifier in a source. */
export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, dynamic: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
      found.push({ file, specifier: specifier.text, dynamic });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, false);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], true);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

function readMembers(parent: string): Member[] {
  return readdirSync(join(root, parent)).map((folder) => {
    const path = `${parent}/${folder}`;
    return {
      folder,
      path,
      manifest: readJson<Manifest>(`${path}/package.json`),
      nodeOnly: readJson<{ extends: string }>(`${path}/tsconfig.json`).extends.endsWith(
        '/tsconfig.node.json',
      ),
      imports: importsBelow(`${path}/src`),
      testImports: importsBelow(`${path}/test`),
    };
  });
}

function importsBelow(folder: string): Import[] {
  return filesBelow(folder)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => importsOf(file, readText(file)));
}

function readCatalog(): ReadonlyMap<string, string> {
  const [, section = ''] =
    /^catalog:\n((?: {2}.*\n)+)/m.exec(readText('pnpm-workspace.yaml')) ?? [];
  const entry = /^ {2}['"]?([^'":]+)['"]?: (\S+)$/gm;
  return new Map(
    [...section.matchAll(entry)].map(([, name = '', version = '']) => [name, version]),
  );
}

function readJson<T>(path: string): T {
  return JSON.parse(readText(path)) as T;
}
