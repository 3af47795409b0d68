/** `flake-trust inputs` and `flake-trust audit`: read, ask, print, and say by the exit code what was found. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { consoleLogger } from '../adapters/consoleLogger';
import type { InputsReport } from '../domain/inputsReport';
import { acceptedConfiguration, declaredTrust } from '../engine/declaredCaches';
import type { AuditScope } from '../engine/engine';
import type { Logger } from '../engine/ports';
import { readFlakeDir } from '../engine/readFlakeDir';
import type { Runtime } from '../runtime';
import { plainText } from '../util/plainText';
import { describeProblem, readConfiguration } from './configuration';
import { EXIT, exitCode } from './exit';
import { laterLog } from './laterLog';
import type { ReportCommand } from './options';
import { printReport, type CliProcess } from './printReport';
import { vetReport } from './vet/vetReport';
import { progressBar } from './progress';

/** Runs one report. Rejects only when `signal` aborts, or for a bug. */
export async function runReport(command: ReportCommand, runtime: Runtime, io: CliProcess, signal: AbortSignal): Promise<number> {
  const wantsNix = command.outputs.length > 0 || command.binaries !== undefined;
  const log = consoleLogger((text) => io.stderr.write(text), command.quiet ? 'quiet' : 'normal');
  if (command.shard !== undefined && command.outputs.length + command.paths.length === 0) {
    log.error('--shard splits outputs and store paths: it needs --output or --path');
    return EXIT.failed;
  }
  const dir = flakeDirectory(path.resolve(io.cwd, command.flake));
  if ('problem' in dir) {
    log.error(dir.problem);
    return EXIT.failed;
  }
  const { files, clock } = runtime;
  const { configuration, trustedSettings, problems } = await readConfiguration(command, runtime, io, signal);
  for (const problem of problems) log.warn(describeProblem(problem));

  const opened = await readFlakeDir(
    dir.path,
    files,
    {
      privatePatterns: [],
      now: clock.now(),
      storeDir: configuration.storeDir,
      trusted: configuration.trusted,
      configuredCaches: configuration.caches.map(({ substituter }) => substituter.url),
    },
    signal,
  );
  if (opened.kind === 'failed') {
    log.error(plainText(opened.message, 500));
    return EXIT.failed;
  }
  const declared = declaredTrust(opened.facts.flakeNix?.nixConfig ?? [], configuration, trustedSettings);
  const scope: AuditScope = {
    flakeDir: dir.path,
    configuration: acceptedConfiguration(configuration, declared, { workspaceTrusted: true }),
    offline: command.offline,
    audit: command.audit,
  };
  const later = laterLog(log);
  const engine = await runtime.openEngine(
    {
      transport: 'direct',
      maxRequestsPerHost: command.connections,
      timeoutMs: command.timeoutMs,
      network: {},
      remember: command.cache,
      ...(command.cacheDir === undefined ? {} : { storageDir: path.resolve(io.cwd, command.cacheDir) }),
      ...(configuration.sslCertFile === undefined ? {} : { sslCertFile: configuration.sslCertFile }),
    },
    later,
    undefined,
  );
  const progress = progressBar(io.stderr, command.quiet);
  let report: InputsReport;
  try {
    report = await engine.check(opened.facts, { ...scope, refresh: command.refresh, onProgress: progress.update }, signal);
  } finally {
    progress.stop();
    later.flush();
    await engine.close();
  }
  warnOfSilence(report, log);
  const vetted = await vetReport(report, opened.facts, command, { dir: dir.path, runtime, io, log }, signal);
  if (vetted === undefined) return EXIT.failed;
  report = vetted.report;
  const { runWithNix, withKnownBinaries } = await import('./runWithNix');
  const request = { command, report, vetting: vetted.files, facts: opened.facts, dir: dir.path, scope, runtime, io, log };
  if (wantsNix) return runWithNix(request, signal);
  report = await withKnownBinaries(request, signal);
  if (!(await printReport({ report }, command, scope, runtime, io, log))) return EXIT.failed;
  const code = exitCode(report, command);
  // A gate in CI must not pass because its caches were down: what was not checked is not fine.
  return code === EXIT.ok && command.audit && nobodyAnswered(report) ? EXIT.failed : code;
}

/** FLAKE as the contract has it: a directory, or the flake.nix in it. */
export function flakeDirectory(file: string): { readonly path: string } | { readonly problem: string } {
  const kind = lstatSync(file, { throwIfNoEntry: false });
  if (path.basename(file) === 'flake.nix' && kind?.isDirectory() !== true) return { path: path.dirname(file) };
  if (kind === undefined) return { problem: `there is no directory ${plainText(file, 300)}` };
  if (kind.isFile()) return { problem: `${plainText(file, 300)} is neither a directory nor a flake.nix` };
  return { path: file };
}

/** Tells whether caches were asked and none of them answered. */
function nobodyAnswered({ caches }: InputsReport): boolean {
  const asked = caches.filter(({ state }) => state !== 'not-asked');
  return asked.length > 0 && asked.every(({ state }) => state === 'unreachable');
}

/** Says on standard error that nobody answered. */
function warnOfSilence(report: InputsReport, log: Logger): void {
  if (nobodyAnswered(report)) {
    const asked = report.caches.filter(({ state }) => state !== 'not-asked');
    log.warn(
      asked.length === 1
        ? 'the only cache that was asked did not answer'
        : `none of the ${asked.length} caches that were asked answered`,
    );
  }
}
