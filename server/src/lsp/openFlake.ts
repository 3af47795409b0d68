/** One flake that somebody looks at: its texts, and what flake.nix and flake.lock say together. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { finding, type FlakeFile } from '../domain/finding';
import { type FlakeFacts, type FlakeOptions, readFlake } from '../domain/flakeFacts';
import type { Files } from '../engine/ports';
import { FLAKE_FILES, FlakeTexts } from './flakeTexts';
import { uriOfDir } from './flakeUri';

/** The texts at one moment, with what they say; a later change makes another one. */
export interface FlakeState {
  readonly documents: Readonly<Partial<Record<FlakeFile, TextDocument>>>;
  readonly facts: FlakeFacts;
}

export class OpenFlake {
  readonly dir: string;
  readonly uri: string;
  readonly texts: FlakeTexts;
  /** Whether the user audited it: then its problems stay when its files are closed. */
  audited = false;
  /** The (store path, cache) pairs of the last complete check, and when it ended. */
  lastCheck: { readonly pairs: string; readonly at: number; readonly complete: boolean } | undefined;
  /** Aborts the check under way. */
  checking: AbortController | undefined;
  #state: { readonly key: readonly unknown[]; readonly state: FlakeState } | undefined;

  constructor(dir: string, files: Files) {
    this.dir = dir;
    this.uri = uriOfDir(dir);
    this.texts = new FlakeTexts(dir, files);
  }

  /** Reads both texts and what they say, remembered until one of them or the options change. Rejects only when `signal` aborts. */
  async read(options: Omit<FlakeOptions, 'now'>, now: number, signal: AbortSignal): Promise<FlakeState> {
    await this.texts.load(FLAKE_FILES);
    signal.throwIfAborted();

    // From here on nothing waits: an edit cannot come between the texts and what is made of them.
    const [nixRead, lockRead] = [this.texts.now('flake.nix'), this.texts.now('flake.lock')];
    const key = [nixRead, lockRead, options];
    if (this.#state?.key.every((part, index) => part === key[index])) return this.#state.state;
    const nix = nixRead?.kind === 'read' ? nixRead.document : undefined;
    const lock = lockRead?.kind === 'read' ? lockRead.document : undefined;
    const facts = readFlake(
      {
        ...(nix === undefined ? {} : { flakeNix: nix.getText() }),
        ...(lock === undefined ? {} : { flakeLock: lock.getText() }),
      },
      { ...options, now },
      this.#state?.state.facts,
    );
    const state: FlakeState = {
      documents: { ...(nix === undefined ? {} : { 'flake.nix': nix }), ...(lock === undefined ? {} : { 'flake.lock': lock }) },
      facts: lockRead?.kind === 'failed' ? withUnreadableLock(facts, lockRead.reason) : facts,
    };
    this.#state = { key, state };
    return state;
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
