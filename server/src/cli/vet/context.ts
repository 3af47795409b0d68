/** What every subcommand of `vet` begins with: the flake, its vetting files, the verdicts; and how records get into records.jsonc. */
import path from 'node:path';
import { consoleLogger } from '../../adapters/consoleLogger';
import { gitHistory } from '../../adapters/vetting/gitHistory';
import { nodeVettingFolder } from '../../adapters/vetting/nodeVettingFolder';
import type { FlakeFacts, InputFacts } from '../../domain/flakeFacts';
import { describePublicKeyError, parsePublicKey, type PublicKey } from '../../domain/publicKey';
import { addRecords, EMPTY_RECORDS, printRecord, withId } from '../../domain/vetting/edit';
import { authorFields, judgeUntil, unknownCriterion, type Author } from '../../domain/vetting/newRecord';
import type { JsonObject } from '../../domain/vetting/shape';
import { signRecord } from '../../domain/vetting/signature';
import { canonicalRecord } from '../../domain/vetting/canonical';
import { VETTING_FILES, type VettingFile } from '../../domain/vetting/types';
import { placeWords } from '../../domain/vetting/vettingFiles';
import { vetFlake, type FlakeVetting } from '../../domain/vetting/vetFlake';
import type { Logger } from '../../engine/ports';
import { readFlakeDir } from '../../engine/readFlakeDir';
import { changeFile } from '../../engine/vetting/changeFile';
import { readVetting, type ReadVettingFile } from '../../engine/vetting/readVetting';
import type { GitHistory, VettingFolder } from '../../engine/vetting/ports';
import type { BaseRuntime } from '../../baseRuntime';
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
        : `${placeWords(problem.file, problem.span, files.texts[problem.file])}: ${plainText(problem.message, 300)}`,
    );
  }
  if (files.policy === undefined) throw new VetError('there is no flake-trust/policy.jsonc: `flake-trust vet init` writes one');
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

/** Who writes, when, and what else was given for the record. */
export async function authorOf(context: VetContext): Promise<Author> {
  const { command, git, signal, now } = context;
  const who = command.who ?? (await git.identity(signal)) ?? (await ask(context, 'Your name and mail: '));
  if (who === undefined) throw new VetError('nobody knows who you are: give --who, or set user.name and user.email in git');
  return { who, now, evidence: command.evidence, ...(command.notes === undefined ? {} : { notes: command.notes }) };
}

/** The same as fields of a record. */
export async function givenAuthorFields(context: VetContext): Promise<JsonObject> {
  return authorFields(await authorOf(context));
}

/** The date of `--until`, asked for where it is needed and not given; it has to lie ahead. */
export async function untilField(context: VetContext, needed: boolean): Promise<JsonObject> {
  const text = context.command.until ?? (needed ? await ask(context, 'Until which day (for example 2027-05-25): ') : undefined);
  if (text === undefined) {
    if (needed) throw new VetError('--until is needed: a date such as 2027-05-25');
    return {};
  }
  const judged = judgeUntil(text, context.now);
  if (judged === 'no-date') throw new VetError(`--until: "${plainText(text, 40)}" is no date such as 2027-05-25`);
  if (judged === 'over') throw new VetError(`--until: ${plainText(text, 40)} has passed`);
  return { until: text };
}

/** The criteria given, else those that the policy asks of the input. */
export function criteriaField({ command, vetting }: VetContext, node: string | undefined): JsonObject {
  const asked = node === undefined ? undefined : vetting.judged.get(node)?.subject.criteria;
  const criteria = command.criteria.length > 0 ? command.criteria : asked;
  if (criteria === undefined || criteria.length === 0) throw new VetError('--criteria is needed');
  const unknown = unknownCriterion(criteria, vetting.judge?.criteria);
  if (unknown !== undefined) {
    throw new VetError(
      `--criteria: "${plainText(unknown, 60)}" is not defined; there are ${vetting.judge?.criteria.names.join(', ') ?? 'none'}`,
    );
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
  await rewrite(context, VETTING_FILES.records, (text = EMPTY_RECORDS) => addRecords(text, finished));
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

/** Reads a file, changes its text, writes it: whatever others write at the same time stays. */
export async function rewrite(
  { folder, signal }: Pick<VetContext, 'folder' | 'signal'>,
  file: VettingFile,
  edit: Parameters<typeof changeFile>[2],
): Promise<void> {
  const outcome = await changeFile(folder, file, edit, signal);
  if (outcome.kind === 'failed') throw new VetError(outcome.message);
}

/** The clones that were named, absolute. */
export function clonesOf({ command, io }: VetContext): readonly string[] {
  return command.clones.map((clone) => path.resolve(io.cwd, clone));
}
