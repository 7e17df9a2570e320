/** What a suite needs of Node, where there is one: browsers have neither files nor processes. */

interface FileSystem {
  mkdtempSync(prefix: string): string;
  mkdirSync(path: string, options: object): void;
  rmSync(path: string, options: object): void;
}

interface PathModule {
  dirname(path: string): string;
  join(...parts: string[]): string;
}

export interface ForkedProcess {
  readonly pid?: number | undefined;
  send(message: unknown, callback?: (error: Error | null) => void): boolean;
  kill(signal: string): boolean;
  on(event: 'message', listener: (message: unknown) => void): void;
  on(event: 'close', listener: (code: number | null, signal: string | null) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  readonly stderr: { on(event: 'data', listener: (chunk: unknown) => void): void } | null;
}

interface NodeProcess {
  getBuiltinModule(name: string): unknown;
  on(event: 'message', listener: (message: never) => void): void;
  send(message: unknown): void;
  disconnect(): void;
}

export function hasProcesses(): boolean {
  const { process } = globalThis as { readonly process?: object };
  return process !== undefined && 'getBuiltinModule' in process;
}

export function thisProcess(): NodeProcess {
  return (globalThis as unknown as { readonly process: NodeProcess }).process;
}

export function fork(module: URL): ForkedProcess {
  const { fork: start } = builtin<{ fork(module: URL, options: object): ForkedProcess }>(
    'node:child_process',
  );
  return start(module, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** A new directory below the system's temporary one. */
export function dataDirectory(name: string): string {
  const { tmpdir } = builtin<{ tmpdir(): string }>('node:os');
  return builtin<FileSystem>('node:fs').mkdtempSync(`${tmpdir()}/barkeep-${name}-`);
}

export function removeDirectory(path: string): void {
  const retry = { maxRetries: 5, retryDelay: 20 };
  builtin<FileSystem>('node:fs').rmSync(path, { recursive: true, force: true, ...retry });
}

/** A path below a directory, whose own directory is there. */
export function pathIn(directory: string, name: string): string {
  const { dirname, join } = builtin<PathModule>('node:path');
  const path = join(directory, name);
  builtin<FileSystem>('node:fs').mkdirSync(dirname(path), { recursive: true });
  return path;
}

function builtin<Module>(name: string): Module {
  return thisProcess().getBuiltinModule(name) as Module;
}
