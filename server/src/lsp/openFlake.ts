/** One flake that somebody looks at: its two texts, from the editor or from disk, and what they say together. */
import { join } from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { finding, type FlakeFile } from '../domain/finding';
import { type FlakeFacts, type FlakeOptions, readFlake } from '../domain/flakeFacts';
import type { Files } from '../engine/ports';
import { uriOfDir, uriOfFile } from './flakeUri';

export const FLAKE_FILES = ['flake.nix', 'flake.lock'] as const satisfies readonly FlakeFile[];

/** As the reader of flake.lock; a flake.nix of this size was not written by a person. */
const MAX_BYTES: Readonly<Record<FlakeFile, number>> = { 'flake.nix': 10 * 1024 * 1024, 'flake.lock': 50 * 1024 * 1024 };

/** The version of a text that is not open. */
const CLOSED = -1;

type DiskText =
  | { readonly kind: 'read'; readonly document: TextDocument }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };

/** The texts at one moment, with what they say; a later change makes another one. */
export interface FlakeState {
  readonly documents: Readonly<Partial<Record<FlakeFile, TextDocument>>>;
  readonly facts: FlakeFacts;
}

export class OpenFlake {
  readonly dir: string;
  readonly uri: string;
  /** Whether the user audited it: then its problems stay when its files are closed. */
  audited = false;
  /** The (store path, cache) pairs of the last complete check, and when it ended. */
  lastCheck: { readonly pairs: string; readonly at: number; readonly complete: boolean } | undefined;
  /** Aborts the check under way. */
  checking: AbortController | undefined;
  readonly #files: Files;
  readonly #open = new Map<FlakeFile, TextDocument>();
  /** As the editor spells them: what was published under one spelling has to be taken back under it. */
  readonly #uris = new Map<FlakeFile, string>();
  readonly #disk = new Map<FlakeFile, Promise<DiskText>>();
  readonly #snapshots = new Map<FlakeFile, { readonly of: TextDocument; readonly document: TextDocument }>();
  #state: { readonly key: readonly unknown[]; readonly state: FlakeState } | undefined;

  constructor(dir: string, files: Files) {
    this.dir = dir;
    this.uri = uriOfDir(dir);
    this.#files = files;
  }

  /** Takes the editor's text of a file. The document changes with each edit. */
  open(file: FlakeFile, document: TextDocument): void {
    this.#open.set(file, document);
    this.#uris.set(file, document.uri);
    this.#disk.delete(file);
  }

  /** Goes back to the text on disk. */
  close(file: FlakeFile): void {
    this.#open.delete(file);
    this.#disk.delete(file);
  }

  /** Forgets what was read from disk. */
  changedOnDisk(file: FlakeFile): void {
    this.#disk.delete(file);
  }

  isOpen(file: FlakeFile): boolean {
    return this.#open.has(file);
  }

  get hasOpenFile(): boolean {
    return this.#open.size > 0;
  }

  /** The URI of a file as the editor spells it. */
  uriOf(file: FlakeFile): string {
    return this.#uris.get(file) ?? uriOfFile(this.dir, file);
  }

  /** Reads both texts and what they say, remembered until one of them or the options change. Rejects only when `signal` aborts. */
  async read(options: Omit<FlakeOptions, 'now'>, now: number, signal: AbortSignal): Promise<FlakeState> {
    const fromDisk = new Map<FlakeFile, DiskText>();
    for (const file of FLAKE_FILES) if (!this.isOpen(file)) fromDisk.set(file, await this.#fromDisk(file));
    signal.throwIfAborted();

    // From here on nothing waits: an edit cannot come between the texts and what is made of them.
    const nix = this.#document('flake.nix', fromDisk);
    const lock = this.#document('flake.lock', fromDisk);
    const key = [nix, lock, options];
    if (this.#state?.key.every((part, index) => part === key[index])) return this.#state.state;
    const facts = readFlake(
      {
        ...(nix === undefined ? {} : { flakeNix: nix.getText() }),
        ...(lock === undefined ? {} : { flakeLock: lock.getText() }),
      },
      { ...options, now },
      this.#state?.state.facts,
    );
    const failed = fromDisk.get('flake.lock');
    const state: FlakeState = {
      documents: { ...(nix === undefined ? {} : { 'flake.nix': nix }), ...(lock === undefined ? {} : { 'flake.lock': lock }) },
      facts: failed?.kind === 'failed' ? withUnreadableLock(facts, failed.reason) : facts,
    };
    this.#state = { key, state };
    return state;
  }

  /** Returns a file's text as it is now, unchanging: one of the editor's versions, or what was read from disk. */
  #document(file: FlakeFile, fromDisk: ReadonlyMap<FlakeFile, DiskText>): TextDocument | undefined {
    const open = this.#open.get(file);
    if (open === undefined) {
      const read = fromDisk.get(file);
      return read?.kind === 'read' ? read.document : undefined;
    }
    const snapshot = this.#snapshots.get(file);
    if (snapshot?.of === open && snapshot.document.version === open.version) return snapshot.document;
    const document = TextDocument.create(open.uri, open.languageId, open.version, open.getText());
    this.#snapshots.set(file, { of: open, document });
    return document;
  }

  #fromDisk(file: FlakeFile): Promise<DiskText> {
    const known = this.#disk.get(file);
    if (known !== undefined) return known;
    // Not bound to the request that asks first: others wait for the same text.
    const reading = this.#files
      .read(join(this.dir, file), MAX_BYTES[file], new AbortController().signal)
      .then((read): DiskText => {
        if (read.kind !== 'read') return read;
        return { kind: 'read', document: TextDocument.create(this.uriOf(file), '', CLOSED, read.text) };
      });
    this.#disk.set(file, reading);
    return reading;
  }
}

/** A lock that is there but cannot be read (too large, no permission) is not a missing one. */
function withUnreadableLock(facts: FlakeFacts, reason: string): FlakeFacts {
  const span = { start: 0, end: 0 };
  return {
    ...facts,
    lock: { state: 'unreadable', message: reason, span },
    findings: [
      ...facts.findings.filter(({ code }) => code !== 'lock-missing'),
      finding('lock-unreadable', {
        message: `flake.lock is not valid: ${reason}`.slice(0, 120),
        subject: { kind: 'file', id: 'flake.lock' },
        ...(facts.flakeNix?.inputsSpan === undefined ? {} : { place: { file: 'flake.nix', span: facts.flakeNix.inputsSpan } }),
      }),
    ],
  };
}
