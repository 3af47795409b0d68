/**
 * The verdicts about the inputs of a flake, remembered by what they depend on: the vetting files are read again only when one of them changes, the
 * inputs judged again only when flake.nix, flake.lock, the settings or the time say so.
 */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { FlakeFacts } from '../domain/flakeFacts';
import { describePublicKeyError, parsePublicKey, type PublicKey } from '../domain/publicKey';
import type { Judge } from '../domain/vetting/judge';
import { nextChange } from '../domain/vetting/nextChange';
import { suppressor } from '../domain/vetting/suppress';
import type { VettingFile } from '../domain/vetting/types';
import { vetFlake } from '../domain/vetting/vetFlake';
import { readingVettingFiles, type PlacedProblem, type VettingFiles } from '../domain/vetting/vettingFiles';
import type { Clock, Logger } from '../engine/ports';
import { unreadableFile, withUnreadable } from '../engine/vetting/readVetting';
import { fileFindings, suppressionsUnder, type VettingRules } from '../engine/vetting/withVetting';
import type { VettingView } from '../features/view';
import type { Settings } from '../settings';
import { runInSlices } from '../util/inSlices';
import { type TextRead, VETTING_TEXTS } from './flakeTexts';
import { describeThrown } from './log';
import type { OpenFlake } from './openFlake';

export interface PendingVetting {
  readonly value: Promise<VettingView | undefined>;
  /** The value is there. */
  readonly done: boolean;
  /** What the files said before they changed, applied to the flake as it is now. */
  readonly before?: VettingView;
}

/** Under what a flake is judged. */
export interface VettingScope extends Pick<VettingRules, 'severity' | 'restricted'> {
  readonly settings: Settings;
}

type Documents = Readonly<Partial<Record<VettingFile, TextDocument>>>;

interface Read {
  /** What {@link files} was read from, in the order of VETTING_TEXTS. */
  readonly texts: readonly (TextRead | undefined)[];
  readonly documents: Documents;
  readonly files: VettingFiles;
}

interface Reading {
  readonly texts: Read['texts'];
  readonly value: Promise<Read>;
  readonly abort: AbortController;
}

interface Judged {
  readonly files: VettingFiles;
  readonly keys: readonly PublicKey[] | undefined;
  readonly judge: Judge | undefined;
  /** From when until when it holds. */
  readonly from: number;
  readonly until: number;
}

interface Memory {
  read?: Read;
  reading?: Reading;
  judged?: Judged;
  seen?: { readonly key: readonly unknown[]; readonly value: VettingView };
}

export class Vettings {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #memory = new WeakMap<OpenFlake, Memory>();
  readonly #keys = new WeakMap<Settings, readonly PublicKey[]>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** The verdicts about a flake as it is now. The value never rejects; it is nothing where a bug is in the way. */
  of(flake: OpenFlake, facts: FlakeFacts, scope: VettingScope): PendingVetting {
    const { read } = this.#of(flake);
    if (read !== undefined) {
      const before = this.#judge(flake, read, facts, scope);
      const texts = VETTING_TEXTS.map((file) => flake.texts.now(file));
      if (sameTexts(read.texts, texts)) return { value: Promise.resolve(before), done: true };
      return { value: this.#soon(flake, facts, scope), done: false, before };
    }
    return { value: this.#soon(flake, facts, scope), done: false };
  }

  async #soon(flake: OpenFlake, facts: FlakeFacts, scope: VettingScope): Promise<VettingView | undefined> {
    try {
      return this.#judge(flake, await this.#read(flake), facts, scope);
    } catch (error) {
      this.#log.error(`The vetting files could not be judged: ${describeThrown(error)}`);
      return undefined;
    }
  }

  /** Reads the files as they are now. */
  async #read(flake: OpenFlake): Promise<Read> {
    const memory = this.#of(flake);
    for (;;) {
      await flake.texts.load(VETTING_TEXTS);
      const texts = VETTING_TEXTS.map((file) => flake.texts.now(file));
      if (memory.read !== undefined && sameTexts(memory.read.texts, texts)) return memory.read;
      let { reading } = memory;
      if (reading === undefined || !sameTexts(reading.texts, texts)) {
        // Nobody needs what an older text says any more.
        reading?.abort.abort();
        const abort = new AbortController();
        reading = { texts, abort, value: readTexts(texts, abort.signal) };
        memory.reading = reading;
      }
      try {
        memory.read = await reading.value;
        return memory.read;
      } catch (error) {
        if (!reading.abort.signal.aborted) throw error;
      }
    }
  }

  #judge(flake: OpenFlake, { files, documents }: Read, facts: FlakeFacts, scope: VettingScope): VettingView {
    const memory = this.#of(flake);
    const now = this.#clock.now();
    const userKeys = this.#userKeys(scope.settings);
    let { judged } = memory;
    if (judged?.files !== files || judged.keys !== userKeys || now < judged.from || now >= judged.until) judged = undefined;
    const { severity, restricted = false } = scope;
    const key = [judged, facts, severity, restricted];
    if (judged !== undefined && memory.seen?.key.every((part, index) => part === key[index])) return memory.seen.value;
    const flakeVetting = vetFlake(facts, files, {
      now,
      ...(userKeys === undefined ? {} : { userKeys }),
      ...(judged?.judge === undefined ? {} : { judge: judged.judge }),
    });
    judged ??= { files, keys: userKeys, judge: flakeVetting.judge, from: now, until: nextChange(files, now) };
    const rules: VettingRules = { now, restricted, ...(severity === undefined ? {} : { severity }) };
    const suppressed = suppressor(suppressionsUnder(flakeVetting, rules));
    const value: VettingView = {
      flake: flakeVetting,
      rules,
      mistakes: fileFindings(flakeVetting, rules),
      isSuppressed: (finding) => suppressed(finding) !== undefined,
      userKeys: userKeys !== undefined,
      until: judged.until,
      documents,
    };
    memory.judged = judged;
    memory.seen = { key: [judged, facts, severity, restricted], value };
    return value;
  }

  /** The keys that the user named. Where there are some and none can be read, nothing vouches: less than the user asked for must not pass. */
  #userKeys(settings: Settings): readonly PublicKey[] | undefined {
    const { reviewerKeys } = settings;
    if (reviewerKeys.length === 0) return undefined;
    const known = this.#keys.get(settings);
    if (known !== undefined) return known;
    const keys = reviewerKeys.flatMap((text, index) => {
      const key = parsePublicKey(text);
      if (key.ok) return [key.value];
      // Never the key itself: somebody may have pasted a secret one.
      this.#log.warn(`flakeTrust.reviewerKeys[${index}]: this key ${describePublicKeyError(key.error)}; it is left out`);
      return [];
    });
    this.#keys.set(settings, keys);
    return keys;
  }

  #of(flake: OpenFlake): Memory {
    const known = this.#memory.get(flake);
    if (known !== undefined) return known;
    const memory: Memory = {};
    this.#memory.set(flake, memory);
    return memory;
  }
}

async function readTexts(texts: Read['texts'], signal: AbortSignal): Promise<Read> {
  const documents: Partial<Record<VettingFile, TextDocument>> = {};
  const given: Partial<Record<VettingFile, string>> = {};
  const failed: PlacedProblem[] = [];
  for (const [index, file] of VETTING_TEXTS.entries()) {
    const text = texts[index];
    if (text?.kind === 'failed') failed.push(unreadableFile(file, text.reason));
    if (text?.kind !== 'read') continue;
    documents[file] = text.document;
    given[file] = text.document.getText();
  }
  const files = await runInSlices(readingVettingFiles(given), signal);
  return { texts, documents, files: withUnreadable(files, failed) };
}

function sameTexts(a: Read['texts'], b: Read['texts']): boolean {
  return a.every((text, index) => text === b[index]);
}
