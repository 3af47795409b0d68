/** What every subcommand of `vet` begins with: the flake, its vetting files, the verdicts; and how records get into records.jsonc. */
import path from 'node:path';
import { consoleLogger } from '../../adapters/consoleLogger';
import { gitHistory } from '../../adapters/vetting/gitHistory';
import { nodeVettingFolder } from '../../adapters/vetting/nodeVettingFolder';
import type { FlakeFacts, InputFacts } from '../../domain/flakeFacts';
import { describePublicKeyError, parsePublicKey, type PublicKey } from '../../domain/publicKey';
import { addRecords, EMPTY_RECORDS, printRecord, withId } from '../../domain/vetting/edit';
import { parseUntil, printInstant } from '../../domain/vetting/instant';
import type { JsonObject } from '../../domain/vetting/shape';
import { signRecord } from '../../domain/vetting/signature';
import { canonicalRecord } from '../../domain/vetting/canonical';
import { VETTING_FILES } from '../../domain/vetting/types';
import { sourceOf, vetFlake, type FlakeVetting } from '../../domain/vetting/vetFlake';
import type { Logger } from '../../engine/ports';
import { readFlakeDir } from '../../engine/readFlakeDir';
import { MAX_VETTING_BYTES, nameInFolder, readVetting, type ReadVettingFile } from '../../engine/vetting/readVetting';
import type { GitHistory, VettingFolder } from '../../engine/vetting/ports';
import type { BaseRuntime } from '../../baseRuntime';
import { LineIndex } from '../../util/lineIndex';
import { plainText } from '../../util/plainText';
import type { CliProcess } from '../printReport';
import { flakeDirectory } from '../runReport';
import { ask } from './terminal';
import type { VetCommand } from './options';

export interface VetContext {
  readonly command: VetCommand;
  readonly runtime: BaseRuntime;
  readonly io: CliProcess;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Absolute. */
  readonly dir: string;
  readonly facts: FlakeFacts;
  readonly folder: VettingFolder;
  readonly vetting: FlakeVetting;
  readonly git: GitHistory;
  /** Milliseconds since 1970, whole seconds: records have no finer time. */
  readonly now: number;
  /** Writes lines to standard output. */
  readonly print: (...lines: readonly string[]) => void;
}

/** What a subcommand cannot go on with; said on standard error, exit code 2. */
export class VetError extends Error {}

/** Reads everything. */
export async function openVetting(
  command: VetCommand,
  runtime: BaseRuntime,
  io: CliProcess,
  signal: AbortSignal,
): Promise<VetContext> {
  const log = consoleLogger((text) => io.stderr.write(text), command.quiet ? 'quiet' : 'normal');
  const found = flakeDirectory(path.resolve(io.cwd, command.flake));
  if ('problem' in found) throw new VetError(found.problem);
  const dir = found.path;
  const now = Math.floor(runtime.clock.now() / 1000) * 1000;
  const opened = await readFlakeDir(dir, runtime.files, { privatePatterns: [], now }, signal);
  if (opened.kind === 'failed') throw new VetError(plainText(opened.message, 500));
  const folder = nodeVettingFolder(dir);
  const files = await readVetting(vettingReader(command.policy, dir, runtime, io), signal);
  const userKeys = command.reviewerKeys?.map(reviewerKey);
  return {
    command,
    runtime,
    io,
    log,
    signal,
    dir,
    facts: opened.facts,
    folder,
    vetting: vetFlake(opened.facts, files, { now, ...(userKeys === undefined ? {} : { userKeys }) }),
    git: gitHistory({ environment: runtime.environment, foreignFolders: [dir] }),
    now,
    print: (...lines) => {
      for (const line of lines) io.stdout.write(`${line}\n`);
    },
  };
}

/** Reads the files of the folder that counts. */
export function vettingReader(
  policy: string | undefined,
  dir: string,
  { files }: Pick<BaseRuntime, 'files'>,
  { cwd }: Pick<CliProcess, 'cwd'>,
): ReadVettingFile {
  if (policy === undefined) return (name, maxBytes, signal) => nodeVettingFolder(dir).read(name, maxBytes, signal);
  const given = path.resolve(cwd, policy);
  const folder = path.basename(given) === 'policy.jsonc' ? path.dirname(given) : given;
  return (name, maxBytes, signal) => files.read(path.join(folder, name), maxBytes, signal);
}

/** A key of `--reviewer-keys`. */
export function reviewerKey(text: string): PublicKey {
  const key = parsePublicKey(text);
  if (!key.ok) throw new VetError(`--reviewer-keys: a key ${describePublicKeyError(key.error)}`);
  return key.value;
}

/** Stops where there is no policy that records could count for. */
export function needPolicy({ vetting: { files } }: VetContext): void {
  if (files.broken) {
    const [problem] = files.problems;
    throw new VetError(
      problem === undefined
        ? 'the vetting files cannot be read'
        : `${describePlace(problem.file, problem.span, files.texts)}: ${plainText(problem.message, 300)}`,
    );
  }
  if (files.policy === undefined) throw new VetError('there is no flake-trust/policy.jsonc: `flake-trust vet init` writes one');
}

export function describePlace(
  file: keyof FlakeVetting['files']['texts'],
  span: { readonly start: number; readonly end: number },
  texts: FlakeVetting['files']['texts'],
): string {
  const { line, character } = new LineIndex(texts[file] ?? '').rangeOf(span);
  return `${file}:${line + 1}:${character + 1}`;
}

/** The input of that name, which has to have a hash that a record can be bound to. */
export function lockedInput(
  { facts }: VetContext,
  name: string,
): InputFacts & { readonly narHash: NonNullable<InputFacts['narHash']> } {
  const input = facts.inputs.find(({ path: names }) => names.join('/') === name);
  if (input === undefined) throw new VetError(`there is no input "${plainText(name, 100)}"`);
  if (input.narHash === undefined)
    throw new VetError(`"${plainText(name, 100)}" has no narHash in flake.lock, so that no record can be bound to it`);
  return { ...input, narHash: input.narHash };
}

/** What a record says of the tree of an input. */
export function treeFields(input: InputFacts): JsonObject {
  const source = sourceOf(input);
  return {
    ...(source === undefined ? {} : { source }),
    ...(input.rev === undefined ? {} : { rev: input.rev }),
    ...(input.narHash === undefined ? {} : { narHash: input.narHash }),
  };
}

/** Who writes, when, and what else was given for the record. */
export async function authorFields(context: VetContext): Promise<JsonObject> {
  const { command, git, signal, now } = context;
  const who = command.who ?? (await git.identity(signal)) ?? (await ask(context, 'Your name and mail: '));
  if (who === undefined) throw new VetError('nobody knows who you are: give --who, or set user.name and user.email in git');
  return {
    who,
    when: printInstant(now),
    ...(command.notes === undefined ? {} : { notes: command.notes }),
    ...(command.evidence.length === 0 ? {} : { evidence: command.evidence }),
  };
}

/** The date of `--until`, asked for where it is needed and not given; it has to lie ahead. */
export async function untilField(context: VetContext, needed: boolean): Promise<JsonObject> {
  const text = context.command.until ?? (needed ? await ask(context, 'Until which day (for example 2027-05-25): ') : undefined);
  if (text === undefined) {
    if (needed) throw new VetError('--until is needed: a date such as 2027-05-25');
    return {};
  }
  const until = parseUntil(text);
  if (until === undefined) throw new VetError(`--until: "${plainText(text, 40)}" is no date such as 2027-05-25`);
  if (until <= context.now) throw new VetError(`--until: ${plainText(text, 40)} has passed`);
  return { until: text };
}

/** The criteria given, else those that the policy asks of the input. */
export function criteriaField({ command, vetting }: VetContext, node: string | undefined): JsonObject {
  const asked = node === undefined ? undefined : vetting.judged.get(node)?.subject.criteria;
  const criteria = command.criteria.length > 0 ? command.criteria : asked;
  if (criteria === undefined || criteria.length === 0) throw new VetError('--criteria is needed');
  for (const name of criteria) {
    if (vetting.judge?.criteria.has(name) !== true) {
      throw new VetError(
        `--criteria: "${plainText(name, 60)}" is not defined; there are ${vetting.judge?.criteria.names.join(', ') ?? 'none'}`,
      );
    }
  }
  return { criteria };
}

/** Shows records, asks, signs, and adds them to records.jsonc. Gives false when the user said no. */
export async function writeRecords(context: VetContext, records: readonly JsonObject[]): Promise<boolean> {
  const { command, print, io } = context;
  if (command.policy !== undefined) throw new VetError('--policy is for looking; records are written to the folder of the flake');
  const secret = await secretKey(context);
  const finished = records.map((fields) => {
    const record = withId(fields);
    if (secret === undefined) return record;
    const signature = signRecord(canonicalRecord(record), secret);
    if (signature === undefined)
      throw new VetError('--sign-key: the file is no secret key as `nix key generate-secret` makes them');
    return { ...record, signature };
  });
  for (const record of finished) print(shown(printRecord(record)));
  if (!command.yes) {
    if (!io.stdin?.isTTY) throw new VetError('nothing was written: --yes writes without asking');
    const answer = await ask(
      context,
      `Add ${finished.length === 1 ? 'this record' : `these ${finished.length} records`} to ${VETTING_FILES.records}? [y/N] `,
    );
    if (!/^y(?:es)?$/i.test(answer ?? '')) {
      print('Nothing was written.');
      return false;
    }
  }
  await changeFile(context, nameInFolder(VETTING_FILES.records), (text = EMPTY_RECORDS) => addRecords(text, finished));
  print(`Written to ${VETTING_FILES.records}.`);
  return true;
}

/** A printed record as it may go to a terminal: JSON escapes control characters already, but not those that reverse or hide text. */
function shown(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\S.*$/u, (rest) => plainText(rest, 2000)))
    .join('\n');
}

async function secretKey({ command, runtime, io, signal }: VetContext): Promise<string | undefined> {
  if (command.signKey === undefined) return undefined;
  const read = await runtime.files.read(path.resolve(io.cwd, command.signKey), 4096, signal);
  if (read.kind !== 'read')
    throw new VetError(`--sign-key: the file cannot be read: ${read.kind === 'failed' ? read.reason : 'it is not there'}`);
  return read.text;
}

/** So often a change is made anew on what somebody else wrote meanwhile. */
const MAX_TRIES = 5;

/** Reads a file, changes its text, writes it: whatever others write at the same time stays. */
export async function changeFile(
  { folder, signal }: Pick<VetContext, 'folder' | 'signal'>,
  name: string,
  change: (text: string | undefined) => ReturnType<typeof addRecords>,
): Promise<void> {
  const file = `flake-trust/${name}`;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const read = await folder.read(name, MAX_VETTING_BYTES[VETTING_FILES.records], signal);
    if (read.kind === 'failed') throw new VetError(`${file} cannot be read: ${read.reason}`);
    const before = read.kind === 'read' ? read.text : undefined;
    const edited = change(before);
    if (edited.kind === 'refused') {
      const { line, character } = new LineIndex(before ?? '').rangeOf(edited.problem.span);
      throw new VetError(`${file}:${line + 1}:${character + 1} ${plainText(edited.problem.message, 300)}; nothing was changed`);
    }
    if (edited.text === before) return;
    const outcome = await folder.write(name, before, edited.text);
    if (outcome.kind === 'written') return;
    if (outcome.kind === 'failed') throw new VetError(`${file} cannot be written: ${outcome.reason}; nothing was changed`);
  }
  throw new VetError(`${file} is being written by somebody else all the time; nothing was changed`);
}

/** The clones that were named, absolute. */
export function clonesOf({ command, io }: VetContext): readonly string[] {
  return command.clones.map((clone) => path.resolve(io.cwd, clone));
}
