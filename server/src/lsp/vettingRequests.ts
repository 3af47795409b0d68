/** The requests about vetting. Nothing is written before the user saw it: a draft is made first, and written by its id. */
import { isAbsolute } from 'node:path';
import type { Connection } from 'vscode-languageserver';
import { addingRecords, EMPTY_RECORDS, printRecord } from '../domain/vetting/edit';
import { exemptUntil, firstFiles } from '../domain/vetting/firstFiles';
import { reviewedTrees, type ReviewedTree } from '../domain/vetting/nearest';
import { treeFields } from '../domain/vetting/newRecord';
import { DEFAULT_CRITERIA } from '../domain/vetting/policy';
import type { JsonObject } from '../domain/vetting/shape';
import { VETTING_FILES } from '../domain/vetting/types';
import { placeWords } from '../domain/vetting/vettingFiles';
import { changeFile, writeFirstFiles, type FileChange } from '../engine/vetting/changeFile';
import type { GitHistory } from '../engine/vetting/ports';
import { nearestBase, type ReviewBase } from '../engine/vetting/suggest';
import { plural } from '../features/summary';
import { recordFromForm, verdictSentence, vettingBase, vettingForm, type VettableInput } from '../features/vettingForm';
import { hasPolicy, inputId, inputOfPath, type FlakeView, type VettingView } from '../features/view';
import type {
  RequestFailure,
  VettingChangesParams,
  VettingChangesResult,
  VettingDraftParams,
  VettingDraftResult,
  VettingFormResult,
  VettingInitParams,
  VettingInitResult,
  VettingWriteResult,
} from '../protocol';
import { changesMarkdown } from '../report/vettingDiff';
import { runInSlices } from '../util/inSlices';
import { plainText } from '../util/plainText';
import type { ClientSupport } from './clientSupport';
import { flakeNamed, type FlakeRegistry } from './flakeRegistry';
import type { ServerHost } from './host';
import { editOpenFile } from './openFileEdit';
import type { OpenFlake } from './openFlake';
import type { Publisher } from './publisher';
import type { ReferenceTable } from './references';
import type { Views } from './views';

interface Parts {
  readonly connection: Connection;
  readonly support: ClientSupport;
  readonly host: ServerHost;
  readonly flakes: FlakeRegistry;
  readonly views: Views;
  readonly publisher: Publisher;
  readonly references: ReferenceTable;
}

/** What comes from the editor. */
type Given<T> = Partial<Record<keyof T, unknown>>;

/** Something that the user has seen and that is not written yet. */
type Draft =
  | {
      readonly kind: 'record';
      readonly dir: string;
      readonly path: readonly string[];
      readonly record: JsonObject;
      /** What it was made from. */
      readonly state: string;
    }
  | {
      readonly kind: 'first-files';
      readonly dir: string;
      readonly policy: string;
      readonly records: string;
      readonly exempted: number;
      readonly lockText: string | undefined;
    };

/** So many drafts are held; a user looks at one. */
const MAX_DRAFTS = 20;

/** So many bases that were shown are remembered. */
const MAX_BASES = 200;

/** So much of a diff is shown; more nobody reads in an editor. */
const MAX_DIFF_BYTES = 4 * 1024 * 1024;

const MAX_CLONES = 100;

type VettingComparison = NonNullable<Extract<VettingChangesResult, { readonly kind: 'ok' }>['comparison']>;

interface ReadyInput extends VettableInput {
  readonly flake: OpenFlake;
  readonly view: FlakeView;
}

export class VettingRequests {
  readonly #parts: Parts;
  readonly #drafts = new Map<string, Draft>();
  /** The base of each tree that was shown last: what is recorded is a review of the difference that the user saw. */
  readonly #bases = new Map<string, string>();
  #next = 1;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What a form starts from. */
  async form(id: unknown, signal: AbortSignal): Promise<VettingFormResult> {
    const ready = await this.#readyInput(id, signal);
    if ('message' in ready) return ready;
    const git = await this.#git(ready.flake.dir);
    return vettingForm(ready, { who: await git.identity(signal), base: this.#baseOf(ready) });
  }

  /** A record, not written yet. */
  async draft({ id, record: given }: Given<VettingDraftParams>, signal: AbortSignal): Promise<VettingDraftResult> {
    const ready = await this.#readyInput(id, signal);
    if ('message' in ready) return ready;
    const made = recordFromForm(ready, given, this.#baseOf(ready));
    if (!made.ok) return made.error;
    const { flake, input } = ready;
    const { record, warning } = made.value;
    return {
      kind: 'ok',
      draft: this.#hold({ kind: 'record', dir: flake.dir, path: input.path, record, state: stateOf(ready) }),
      text: `${printRecord(record)}\n`,
      file: flake.texts.uriOf(VETTING_FILES.records),
      ...(warning === undefined ? {} : { warning }),
    };
  }

  /** The files with which vetting begins, not written yet. */
  async init({ uri, who }: Given<VettingInitParams>, signal: AbortSignal): Promise<VettingInitResult> {
    const flake = flakeNamed(this.#parts, uri);
    const ready = await this.#ready(flake, signal);
    if ('message' in ready) return ready;
    const { view } = ready;
    const problem = whyNoBeginning(ready.flake, view);
    if (problem !== undefined) return problem;
    const given = typeof who === 'string' && who.trim() !== '' ? who.trim() : undefined;
    const author = given ?? (await (await this.#git(ready.flake.dir)).identity(signal));
    if (author === undefined)
      return { ...failed('Nobody knows who you are.', 'Set user.name and user.email in git.'), reason: 'no-identity' };
    const until = exemptUntil(view.now);
    const { policy, records, exempted } = firstFiles(view.facts, {
      criteria: DEFAULT_CRITERIA,
      until,
      author: { who: author, now: view.now },
    });
    if (records.kind === 'refused') return failed(`No records can be made: ${plainText(records.problem.message, 200)}.`);
    const { dir, texts } = ready.flake;
    const { lockText } = view.facts;
    const what = exempted === 1 ? 'The one input is' : `The ${exempted} inputs that are locked are`;
    return {
      kind: 'ok',
      draft: this.#hold({ kind: 'first-files', dir, policy, records: records.text, exempted, lockText }),
      summary:
        `Every input will need ${DEFAULT_CRITERIA.join(', ')}. ${what} exempted until ${until}, as ${plainText(author, 100)}. ` +
        `This makes ${VETTING_FILES.policy} and ${VETTING_FILES.records}.`,
      files: [texts.uriOf(VETTING_FILES.policy), texts.uriOf(VETTING_FILES.records)],
    };
  }

  /** Writes a draft. */
  async write(id: unknown, signal: AbortSignal): Promise<VettingWriteResult> {
    const draft = typeof id === 'string' ? this.#drafts.get(id) : undefined;
    if (typeof id !== 'string' || draft === undefined)
      return failed('This draft is no longer held; nothing was written.', 'Make it anew.');
    const result = await (draft.kind === 'record' ? this.#writeRecord(draft, signal) : this.#writeFirst(draft, signal));
    if (result.kind === 'ok') this.#drafts.delete(id);
    return result;
  }

  async #writeRecord(draft: Draft & { readonly kind: 'record' }, signal: AbortSignal): Promise<VettingWriteResult> {
    const { flakes, publisher, views } = this.#parts;
    const { dir, path, record, state } = draft;
    const ready = await this.#vettable(flakes.get(dir) ?? flakes.make(dir), path, signal);
    if ('message' in ready) return ready;
    if (stateOf(ready) !== state)
      return failed('The lock or the policy changed meanwhile; nothing was written.', 'Look at the input again.');
    const { flake } = ready;
    const file = VETTING_FILES.records;
    const change = (text = EMPTY_RECORDS) => runInSlices(addingRecords(text, [record]), signal);
    const isOpen = flake.texts.isOpen(file);
    const outcome: FileChange = isOpen
      ? await editOpenFile(this.#parts, flake, file, change, 'Add a vetting record', signal)
      : await changeFile(await this.#parts.host.openVettingFolder(dir), file, change, signal);
    if (outcome.kind === 'failed') return failed(`${outcome.message}.`);
    flake.texts.changedOnDisk(file);
    const [view] = await Promise.all([views.view(flake, signal), publisher.now(flake)]);
    const input = view === undefined ? undefined : inputOfPath(view.facts, path);
    const verdict =
      view?.vetting === undefined || input === undefined
        ? ''
        : ` ${plainText(inputId(path), 60)}: ${verdictSentence(view.vetting, input)}`;
    const where = isOpen ? `Added to ${file}, which is open and not saved yet.` : `Written to ${file}.`;
    return { kind: 'ok', summary: where + verdict, files: [flake.texts.uriOf(file)] };
  }

  async #writeFirst(draft: Draft & { readonly kind: 'first-files' }, signal: AbortSignal): Promise<VettingWriteResult> {
    const { flakes, host, publisher } = this.#parts;
    const { dir, policy, records, exempted, lockText } = draft;
    const ready = await this.#ready(flakes.get(dir) ?? flakes.make(dir), signal);
    if ('message' in ready) return ready;
    const { flake, view } = ready;
    const problem = whyNoBeginning(flake, view);
    if (problem !== undefined) return problem;
    if (view.facts.lockText !== lockText) return failed('flake.lock changed meanwhile; nothing was written.', 'Begin anew.');
    const outcome = await writeFirstFiles(await host.openVettingFolder(dir), { policy, records }, signal);
    const files = [VETTING_FILES.policy, VETTING_FILES.records];
    for (const file of files) flake.texts.changedOnDisk(file);
    await publisher.now(flake);
    if (outcome.kind === 'failed') return failed(`${outcome.message}.`);
    return {
      kind: 'ok',
      summary: `Vetting has begun: ${plural(exempted, 'input')} exempted for now. Commit ${files.join(' and ')}.`,
      files: files.map((file) => flake.texts.uriOf(file)),
    };
  }

  /** What changed since a tree of the same source was vetted. Rejects only when `signal` aborts. */
  async changes({ id, clones }: Given<VettingChangesParams>, signal: AbortSignal): Promise<VettingChangesResult> {
    const ready = await this.#readyInput(id, signal);
    if ('message' in ready) return ready;
    const { flake, input, one, vetting } = ready;
    const git = await this.#git(flake.dir);
    const found = await nearestBase(vetting.flake, one, { git, clones: foldersIn(clones) }, signal);
    const name = plainText(inputId(input.path), 200);
    if (found === undefined)
      return failed(`No other revision of ${name} is vetted or exempted.`, 'All of it would have to be read, or a scope of it.');
    const { tree, comparison, compareUrl: url } = found;
    this.#showBase(flake, input.narHash, tree);
    const compared = comparison === undefined ? undefined : await this.#compared(ready, found, git, signal);
    return {
      kind: 'ok',
      input: name,
      base: vettingBase(tree),
      ...(url === undefined ? {} : { compareUrl: url }),
      ...(compared === undefined ? {} : { comparison: compared }),
    };
  }

  /** A difference that was measured, for people. */
  async #compared(
    { input }: ReadyInput,
    { tree, comparison, compareUrl: url }: ReviewBase,
    git: GitHistory,
    signal: AbortSignal,
  ): Promise<VettingComparison | undefined> {
    const [from, to] = [tree.rev, input.rev];
    if (comparison === undefined || from === undefined || to === undefined) return undefined;
    const { repository, commits, files, insertions, deletions } = comparison;
    const { text, cut } = (await git.diff(repository, { from, to }, MAX_DIFF_BYTES, signal)) ?? { text: '', cut: true };
    const facts = { path: input.path, base: tree, from, to, comparison, cut, hidden: HIDDEN.test(text) };
    return {
      ...{ repository, commits, files, insertions, deletions },
      markdown: changesMarkdown({ ...facts, ...(url === undefined ? {} : { url }) }),
      diff: cut ? `${text}\n${CUT}\n` : text,
    };
  }

  /** The flake as its vetting files may be written, or why they may not. */
  async #ready(
    flake: OpenFlake | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly flake: OpenFlake; readonly view: FlakeView; readonly vetting: VettingView } | RequestFailure> {
    if (flake === undefined) return failed('This is not the address of a flake.');
    flake.texts.forgetDisk();
    const view = await this.#parts.views.view(flake, signal);
    if (view === undefined) return failed('Flake Trust is switched off for this flake.');
    if (view.access === 'restricted') {
      const message = 'This folder is in Restricted Mode: what it says of itself is shown, and no record of it is written.';
      return { ...failed(message), reason: 'restricted' };
    }
    if (view.vetting === undefined) return failed('The vetting files could not be read; the log has more.');
    return { flake, view, vetting: view.vetting };
  }

  async #readyInput(id: unknown, signal: AbortSignal): Promise<ReadyInput | RequestFailure> {
    const { flakes, references } = this.#parts;
    const target = references.find(id);
    if (target?.kind !== 'input') return failed('This flake has no such input any more.');
    return this.#vettable(flakes.get(target.dir) ?? flakes.make(target.dir), target.path, signal);
  }

  /** An input about which a record may be written, or why none may. */
  async #vettable(named: OpenFlake, path: readonly string[], signal: AbortSignal): Promise<ReadyInput | RequestFailure> {
    const ready = await this.#ready(named, signal);
    if ('message' in ready) return ready;
    const { view, vetting } = ready;
    const input = inputOfPath(view.facts, path);
    if (input === undefined) return failed('This flake has no such input any more.');
    const { files, judged } = vetting.flake;
    if (files.broken) {
      const [problem] = files.problems;
      const where =
        problem === undefined ? 'The vetting files' : placeWords(problem.file, problem.span, files.texts[problem.file]);
      return failed(`${where} ${plainText(problem?.message ?? 'cannot be read', 300)}.`, 'Mend it first: nothing was changed.');
    }
    if (!hasPolicy(vetting)) return failed('There is no policy that a record could count for.', 'Start vetting here first.');
    const name = plainText(inputId(path), 60);
    const { narHash } = input;
    if (narHash === undefined)
      return failed(
        `flake.lock has no hash of "${name}", so that no record can be bound to it.`,
        'Lock it anew with a Nix that writes narHash.',
      );
    const one = judged.get(input.node);
    if (one === undefined) return failed(`"${name}" lies in this flake's own tree: whoever commits to it reviews it.`);
    return { ...ready, input: { ...input, narHash }, one, now: view.now };
  }

  /** The tree that was shown to be the nearest one, as long as it is reviewed; else the one that was reviewed last. */
  #baseOf({ vetting, one, flake }: ReadyInput): ReviewedTree | undefined {
    const trees = reviewedTrees(vetting.flake, one);
    const shown = this.#bases.get(baseKey(flake, one.subject.narHash));
    const base = trees.find(({ narHash }) => narHash === shown) ?? trees[0];
    if (base !== undefined) this.#showBase(flake, one.subject.narHash, base);
    return base;
  }

  #showBase(flake: OpenFlake, narHash: string | undefined, base: ReviewedTree): void {
    remember(this.#bases, baseKey(flake, narHash), base.narHash, MAX_BASES);
  }

  #hold(draft: Draft): string {
    const id = `draft-${this.#next++}`;
    remember(this.#drafts, id, draft, MAX_DRAFTS);
    return id;
  }

  #git(dir: string): Promise<GitHistory> {
    return this.#parts.host.openGit([dir, ...this.#parts.views.folders]);
  }
}

/** As git reads it, no line of a diff: each of those begins with another character. */
const CUT = '# Cut here: the difference is too long to be shown whole.';

/** Characters by which a diff may look like another one: those that set the direction of text, and those without a width. */
const HIDDEN = /[\u061C\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/u;

/** Absolute folders among what the editor names. */
function foldersIn(given: unknown): readonly string[] {
  if (!Array.isArray(given)) return [];
  return given.filter((folder): folder is string => typeof folder === 'string' && isAbsolute(folder)).slice(0, MAX_CLONES);
}

function baseKey({ dir }: OpenFlake, narHash = ''): string {
  return JSON.stringify([dir, narHash]);
}

function remember<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

/** What a record about an input is made from: when it changes, the user has seen something else. */
function stateOf({ input, vetting }: ReadyInput): string {
  return JSON.stringify([treeFields(input), vetting.flake.files.texts[VETTING_FILES.policy]]);
}

/** Why vetting cannot begin here. */
function whyNoBeginning({ texts }: OpenFlake, { facts }: FlakeView): RequestFailure | undefined {
  if (facts.lock.state !== 'ok') return failed('There is no flake.lock that can be read.', 'Run `nix flake lock` first.');
  const there = [VETTING_FILES.policy, VETTING_FILES.records].find((file) => texts.now(file)?.kind !== 'absent');
  return there === undefined ? undefined : failed(`${there} is there already, and was left as it is.`);
}

function failed(message: string, hint?: string): RequestFailure {
  return { kind: 'failed', message, ...(hint === undefined ? {} : { hint }) };
}
