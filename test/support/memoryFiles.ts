import type { Environment, FileRead, Files } from '../../server/src/engine/ports';

/** Files by absolute path; anything else is absent. */
export interface MemoryFiles extends Files {
  /** The paths that were asked for, in order. */
  readonly asked: readonly string[];
}

/** Makes files out of texts, or out of what reading them gives. */
export function memoryFiles(contents: Readonly<Record<string, string | FileRead>>): MemoryFiles {
  const entries = new Map(Object.entries(contents));
  const asked: string[] = [];
  return {
    asked,
    read(path, maxBytes, signal) {
      signal.throwIfAborted();
      asked.push(path);
      const entry = entries.get(path);
      if (entry === undefined) return Promise.resolve({ kind: 'absent' });
      if (typeof entry !== 'string') return Promise.resolve(entry);
      const tooLarge = Buffer.byteLength(entry) > maxBytes;
      return Promise.resolve(
        tooLarge ? { kind: 'failed', reason: `larger than ${maxBytes} bytes` } : { kind: 'read', text: entry },
      );
    },
  };
}

/** An environment with nothing in it but what is given; home is `/home/me`. */
export function environment(variables: Readonly<Record<string, string>> = {}): Environment {
  return { variables, home: '/home/me', platform: 'linux' };
}
