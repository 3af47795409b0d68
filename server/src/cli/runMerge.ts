/** `flake-trust merge`: reads the reports of shards, puts them together, prints the whole, and says by the exit code what was found. */
import path from 'node:path';
import { consoleLogger } from '../adapters/consoleLogger';
import { mergeReports } from '../engine/merge/mergeReports';
import { parseReport } from '../engine/merge/parseReport';
import type { NamedReport } from '../engine/merge/shards';
import { auditOfReport } from '../report/finishedAudit';
import type { BaseRuntime } from '../baseRuntime';
import { plainText } from '../util/plainText';
import type { MergeCommand } from './options';
import { printReport, type CliProcess } from './printReport';
import { EXIT, exitCode } from './exit';

/** Several times the report of all of nixpkgs; a JavaScript string holds twice as much. */
const MAX_REPORT_BYTES = 256 * 1024 * 1024;

/** Merges. Rejects only when `signal` aborts, or for a bug. */
export async function runMerge(
  command: MergeCommand,
  runtime: BaseRuntime,
  io: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const log = consoleLogger((text) => io.stderr.write(text), command.quiet ? 'quiet' : 'normal');
  const reports: NamedReport[] = [];
  for (const name of command.files) {
    const read = await runtime.files.read(path.resolve(io.cwd, name), MAX_REPORT_BYTES, signal);
    if (read.kind !== 'read') {
      log.error(`${plainText(name, 300)}: ${read.kind === 'absent' ? 'there is no such file' : plainText(read.reason, 200)}`);
      return EXIT.failed;
    }
    const parsed = parseReport(read.text);
    if (!parsed.ok) {
      log.error(`${plainText(name, 300)}: ${parsed.error}`);
      return EXIT.failed;
    }
    reports.push({ name, report: parsed.value });
  }
  const merged = await mergeReports(reports, { partial: command.partial });
  signal.throwIfAborted();
  if (!merged.ok) {
    log.error(merged.error);
    return EXIT.failed;
  }
  const { closure } = merged.value;
  if (!(await printReport(auditOfReport(merged.value), command, undefined, runtime, io, log))) return EXIT.failed;
  // As for an audit of one run: a question that nobody answered is not answered well.
  const unknown = closure?.totals.byVerdict.unknown ?? 0;
  const nothing = closure !== undefined && closure.roots.length > 0 && closure.totals.paths === unknown;
  return nothing ? EXIT.failed : exitCode(merged.value, command);
}
