/** Where a report goes: to standard output, or whole into a file. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { writePiecesAtomically } from '../adapters/writeFileAtomically';
import type { Logger } from '../engine/ports';
import type { FinishedAudit } from '../report/finishedAudit';
import type { ReportRules } from '../report/markdown';
import type { ReportFormat, ReportOptions } from '../report/reportPieces';
import { textReport } from '../report/text';
import type { BaseRuntime } from '../baseRuntime';
import { plainText } from '../util/plainText';

/** What the command line needs of its process. */
export interface CliProcess {
  readonly cwd: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Where answers to questions come from. */
  readonly stdin?: NodeJS.ReadStream;
}

/** What a report is printed by; a `ReportCommand` has all of it. */
export interface PrintCommand {
  readonly format: ReportFormat;
  /** As typed; standard output when absent. */
  readonly out?: string;
  readonly audit: boolean;
  readonly why: readonly string[];
}

/** Prints a report as the command asks. Returns whether it was written; what went wrong has been said then. */
export async function printReport(
  audit: FinishedAudit,
  command: PrintCommand,
  rules: ReportRules | undefined,
  { clock, environment }: Pick<BaseRuntime, 'clock' | 'environment'>,
  io: CliProcess,
  log: Logger,
): Promise<boolean> {
  const terminal = command.out === undefined && io.stdout.isTTY;
  const options: ReportOptions = {
    now: clock.now(),
    color: command.out === undefined && wantsColor(environment.variables, terminal),
    width: terminal ? Math.max(40, Math.min(io.stdout.columns, 100)) : 100,
    audit: command.audit,
    why: command.why,
    ...(rules === undefined ? {} : { rules }),
    ...repositoryOf(audit.report.flake),
  };
  // The other formats are loaded where one is wanted: most reports are texts.
  const pieces =
    command.format === 'text'
      ? [textReport(audit.report, options, audit.closure)]
      : (await import('../report/reportPieces')).reportPieces(command.format, audit, options);
  return writePieces(pieces, command.out, io, log);
}

/** Writes pieces to standard output, no faster than it is read, or to a file, whole or not at all. */
export async function writePieces(
  pieces: Iterable<string>,
  out: string | undefined,
  { cwd, stdout }: CliProcess,
  log: Logger,
): Promise<boolean> {
  if (out === undefined) {
    for (const piece of pieces) {
      if (stdout.destroyed || stdout.errored !== null) break;
      // A slow reader must not make us hold the whole report in memory.
      if (!stdout.write(piece)) await drained(stdout);
    }
    return true;
  }
  try {
    await writePiecesAtomically(path.resolve(cwd, out), pieces);
    return true;
  } catch (error) {
    const why = error instanceof Error ? plainText(error.message, 300) : 'unknown error';
    log.error(`${plainText(out, 300)} cannot be written: ${why}`);
    return false;
  }
}

/** The repository that a flake lies in: the next directory upwards that holds a `.git`, which is a file in a worktree. */
function repositoryOf(flake: string | undefined): { readonly repositoryRoot?: string } {
  for (let directory = flake; directory !== undefined;) {
    if (existsSync(path.join(directory, '.git'))) return { repositoryRoot: directory };
    const parent = path.dirname(directory);
    directory = parent === directory ? undefined : parent;
  }
  return {};
}

/** Waits until what was written is on its way, or the reader has gone, which never drains. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

/** NO_COLOR (https://no-color.org) goes before FORCE_COLOR, which goes before what the stream is. */
export function wantsColor(variables: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if ((variables['NO_COLOR'] ?? '') !== '') return false;
  const forced = variables['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return terminal && variables['TERM'] !== 'dumb';
}
