/** The texts of one flake: each from the editor where it is open there, else from disk, where it is read once until it changes. */
import { join } from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { FlakeFile } from '../domain/finding';
import { VETTING_FILES, type VettingFile } from '../domain/vetting/types';
import type { FileRead, Files } from '../engine/ports';
import { MAX_VETTING_BYTES } from '../engine/vetting/readVetting';
import { uriOfFile, type FlakeText } from './flakeUri';

export const FLAKE_FILES = ['flake.nix', 'flake.lock'] as const satisfies readonly FlakeFile[];

/** The files of the folder `flake-trust/`. */
export const VETTING_TEXTS: readonly VettingFile[] = Object.values(VETTING_FILES);

export const ALL_TEXTS: readonly FlakeText[] = [...FLAKE_FILES, ...VETTING_TEXTS];

/** As the readers of flake.lock and of records; a flake.nix of this size was not written by a person. */
const MAX_BYTES: Readonly<Record<FlakeText, number>> = {
  'flake.nix': 10 * 1024 * 1024,
  'flake.lock': 50 * 1024 * 1024,
  ...MAX_VETTING_BYTES,
};

/** The version of a text that is not open. */
const CLOSED = -1;

export type TextRead =
  | { readonly kind: 'read'; readonly document: TextDocument }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };

const ABSENT: TextRead = { kind: 'absent' };

export class FlakeTexts {
  readonly #dir: string;
  readonly #files: Files;
  readonly #open = new Map<FlakeText, TextDocument>();
  /** As the editor spells them: what was published under one spelling has to be taken back under it. */
  readonly #uris = new Map<FlakeText, string>();
  readonly #disk = new Map<FlakeText, Promise<TextRead>>();
  /** What the reads of {@link #disk} gave, once they have. */
  readonly #loaded = new Map<FlakeText, TextRead>();
  /** What each was last time: whoever reads the same text again gets the same object, by which what it says is remembered. */
  readonly #last = new Map<FlakeText, TextRead>();
  readonly #snapshots = new Map<FlakeText, { readonly of: TextDocument; readonly read: TextRead & { readonly kind: 'read' } }>();

  constructor(dir: string, files: Files) {
    this.#dir = dir;
    this.#files = files;
  }

  /** Takes the editor's text of a file. The document changes with each edit. */
  open(file: FlakeText, document: TextDocument): void {
    this.#open.set(file, document);
    this.#uris.set(file, document.uri);
    this.changedOnDisk(file);
  }

  /** Goes back to the text on disk. */
  close(file: FlakeText): void {
    this.#open.delete(file);
    this.changedOnDisk(file);
  }

  /** Forgets what was read from disk. */
  changedOnDisk(file: FlakeText): void {
    this.#disk.delete(file);
    this.#loaded.delete(file);
  }

  /** Forgets all that was read from disk: an editor that watches no files would leave us with old texts of those that are not open. */
  forgetDisk(): void {
    this.#disk.clear();
    this.#loaded.clear();
  }

  isOpen(file: FlakeText): boolean {
    return this.#open.has(file);
  }

  get hasOpenFile(): boolean {
    return this.#open.size > 0;
  }

  /** The URI of a file as the editor spells it. */
  uriOf(file: FlakeText): string {
    return this.#uris.get(file) ?? uriOfFile(this.#dir, file);
  }

  /** Reads from disk what is not open and was not read. */
  async load(files: readonly FlakeText[]): Promise<void> {
    // Until nothing is missing: meanwhile a file may have been closed, or changed on disk.
    for (let missing = files; missing.length > 0;) {
      await Promise.all(missing.flatMap((file) => this.#fromDisk(file) ?? []));
      missing = files.filter((file) => this.now(file) === undefined);
    }
  }

  /** The text at this moment, unchanging: the same object as long as it is the same. Nothing when it was not loaded. */
  now(file: FlakeText): TextRead | undefined {
    const open = this.#open.get(file);
    if (open === undefined) return this.#loaded.get(file);
    const snapshot = this.#snapshots.get(file);
    if (snapshot?.of === open && snapshot.read.document.version === open.version) return snapshot.read;
    const read = {
      kind: 'read',
      document: TextDocument.create(open.uri, open.languageId, open.version, open.getText()),
    } as const;
    this.#snapshots.set(file, { of: open, read });
    return read;
  }

  #fromDisk(file: FlakeText): Promise<TextRead> | undefined {
    if (this.isOpen(file)) return undefined;
    const known = this.#disk.get(file);
    if (known !== undefined) return known;
    // flake.nix and flake.lock may be links to anywhere, as /etc/nixos/flake.nix often is: of a file that is no flake, messages repeat nothing.
    const within = (FLAKE_FILES as readonly FlakeText[]).includes(file) ? undefined : this.#dir;
    // Not bound to the request that asks first: others wait for the same text.
    const reading = this.#files
      .read(join(this.#dir, file), MAX_BYTES[file], new AbortController().signal, within)
      .then((read): TextRead => {
        const found = this.#sameAsBefore(file, read);
        if (this.#disk.get(file) === reading) {
          this.#loaded.set(file, found);
          this.#last.set(file, found);
        }
        return found;
      });
    this.#disk.set(file, reading);
    return reading;
  }

  #sameAsBefore(file: FlakeText, read: FileRead): TextRead {
    if (read.kind === 'absent') return ABSENT;
    if (read.kind === 'failed') return read;
    const last = this.#last.get(file);
    const uri = this.uriOf(file);
    if (last?.kind === 'read' && last.document.uri === uri && last.document.getText() === read.text) return last;
    return { kind: 'read', document: TextDocument.create(uri, '', CLOSED, read.text) };
  }
}
