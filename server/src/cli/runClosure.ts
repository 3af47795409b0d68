/** `flake-trust audit --path`: walks the closure of store paths, prints it, and says by the exit code what was found. */
import path from 'node:path';
import { consoleLogger } from '../adapters/consoleLogger';
import type { BaseRuntime } from '../baseRuntime';
import { openClosureRuntime } from '../closureRuntime';
import { partOf } from '../domain/shardReport';
import { describeStorePathError, parseStorePath, type StorePath } from '../domain/storePath';
import { auditClosure, type ClosureAudit } from '../engine/closure/auditReport';
import { shardQuestion, withShard } from '../engine/closure/shardReport';
import type { Logger } from '../engine/ports';
import { finishedAudit } from '../report/finishedAudit';
import { plainText } from '../util/plainText';
import type { ReportCommand } from './options';
import { printReport, type CliProcess } from './printReport';
import { closureProgress } from './closureProgress';
import { describeProblem, readConfiguration } from './configuration';
import { EXIT, exitCode } from './exit';
import { laterLog } from './laterLog';
import type { applyOutputPolicy, namedPolicy, ReadPolicy } from './vet/vetReport';

/** Runs the audit. A cancelled one prints what is known by then; what caches answered is remembered. */
export async function runClosure(
  command: ReportCommand,
  runtime: BaseRuntime,
  io: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const log = consoleLogger((text) => io.stderr.write(text), command.quiet ? 'quiet' : 'normal');
  const { configuration, problems } = await readConfiguration(command, runtime, io, signal);
  for (const problem of problems) log.warn(describeProblem(problem));
  const all = storePaths(command.paths, configuration.storeDir, log);
  const why = storePaths(command.why, configuration.storeDir, log);
  if (all === undefined || why === undefined) return EXIT.failed;
  const policy = await policyOf(command, { runtime, io, log }, signal);
  if (policy === undefined) return EXIT.failed;
  const { shard } = command;
  const paths = [...new Set(all)];
  const roots = shard === undefined ? paths : partOf(paths, shard);

  const later = laterLog(log);
  const closures = openClosureRuntime({
    environment: runtime.environment,
    log: later,
    connections: command.connections,
    timeoutMs: command.timeoutMs,
    remember: command.cache,
    ...(command.cacheDir === undefined ? {} : { storageDir: path.resolve(io.cwd, command.cacheDir) }),
    ...(configuration.sslCertFile === undefined ? {} : { sslCertFile: configuration.sslCertFile }),
  });
  const progress = closureProgress(io.stderr, command.quiet);
  let audit: ClosureAudit;
  try {
    const closure = await closures.walk(
      {
        roots,
        configuration,
        challenge: command.challenge,
        offline: command.offline,
        refresh: command.refresh,
        onProgress: progress.update,
        ...(command.maxPaths === undefined ? {} : { maxPaths: command.maxPaths }),
      },
      signal,
    );
    const walked = await auditClosure(closure, { audit: true, offline: command.offline });
    const whole = await policy.applyTo(walked, { trusted: configuration.trusted, now: runtime.clock.now() });
    const asked = { ...command, outputs: [], paths, configuration, vettingTexts: policy.texts };
    audit = shard === undefined ? whole : withShard(whole, shard, shardQuestion(asked));
  } finally {
    progress.stop();
    later.flush();
    await closures.close();
  }
  const rules = { configuration, offline: command.offline };
  if (!(await printReport(finishedAudit(audit), { ...command, why }, rules, runtime, io, log))) return EXIT.failed;
  return answeredNothing(audit) ? EXIT.failed : exitCode(audit.report, command);
}

/** The policy that `--policy` names. What applies one is loaded where there is one: most audits have none. */
async function policyOf(
  command: ReportCommand,
  around: Parameters<typeof namedPolicy>[1],
  signal: AbortSignal,
): Promise<
  | {
      readonly texts: ReadPolicy['texts'];
      readonly applyTo: (audit: ClosureAudit, rules: Parameters<typeof applyOutputPolicy>[2]) => Promise<ClosureAudit>;
    }
  | undefined
> {
  if (command.policy === undefined) return { texts: {}, applyTo: (audit) => Promise.resolve(audit) };
  const vetting = await import('./vet/vetReport');
  const named = await vetting.namedPolicy(command, around, signal);
  if (named === undefined) return undefined;
  return { texts: named.texts, applyTo: (audit, rules) => vetting.applyOutputPolicy(audit, named, rules) };
}

/** Nobody could be asked about any path: the question was not answered. */
function answeredNothing({ summary: { totals, roots } }: ClosureAudit): boolean {
  // A shard may have nothing to do.
  return totals.paths === (totals.byVerdict.unknown ?? 0) && roots.length > 0;
}

function storePaths(texts: readonly string[], storeDir: string, log: Logger): StorePath[] | undefined {
  const paths: StorePath[] = [];
  for (const text of texts) {
    const parsed = parseStorePath(text, storeDir);
    if (!parsed.ok) {
      log.error(`${plainText(text, 300)} ${describeStorePathError(parsed.error)}`);
      return undefined;
    }
    paths.push(parsed.value);
  }
  return paths;
}
