/** The flakes that hold state: those with an open file, and those that were audited. Nothing grows with the workspace. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Files } from '../engine/ports';
import { flakeDirOf, flakeTextOf } from './flakeUri';
import { OpenFlake } from './openFlake';
import type { ReferenceTable } from './references';

export class FlakeRegistry {
  readonly #files: Files;
  readonly #flakes = new Map<string, OpenFlake>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** All of them, in the order in which they were opened. */
  all(): readonly OpenFlake[] {
    return [...this.#flakes.values()];
  }

  /** The flake whose file or folder a URI names, if it holds state. */
  find(uri: string): OpenFlake | undefined {
    const dir = flakeDirOf(uri);
    return dir === undefined ? undefined : this.#flakes.get(dir);
  }

  /** The flake of a folder, if it holds state. */
  get(dir: string): OpenFlake | undefined {
    return this.#flakes.get(dir);
  }

  /** A file was opened; nothing for a file that is none of a flake. */
  open(document: TextDocument): OpenFlake | undefined {
    const file = flakeTextOf(document.uri);
    if (file === undefined) return undefined;
    const flake = this.#flakes.get(file.dir) ?? this.make(file.dir);
    flake.texts.open(file.file, document);
    this.keep(flake);
    return flake;
  }

  /** A flake that holds no state yet: for a request about files that are not open. */
  make(dir: string): OpenFlake {
    return new OpenFlake(dir, this.#files);
  }

  /** Lets a flake hold state. */
  keep(flake: OpenFlake): void {
    this.#flakes.set(flake.dir, flake);
  }

  /** Forgets a flake and gives up what it waits for. */
  drop(flake: OpenFlake): void {
    flake.checking?.abort();
    this.#flakes.delete(flake.dir);
  }
}

/** The flake that an address or an opaque id names; one that holds no state where nothing of it is open. */
export function flakeNamed(
  { flakes, references }: { readonly flakes: FlakeRegistry; readonly references: ReferenceTable },
  name: unknown,
): OpenFlake | undefined {
  const dir = references.find(name)?.dir ?? (typeof name === 'string' ? flakeDirOf(name) : undefined);
  return dir === undefined ? undefined : (flakes.get(dir) ?? flakes.make(dir));
}
