/** `flake-trust audit --output` and `--binaries`: what only the installed Nix can tell of a flake, beside what its two files say. */
import path from 'node:path';
import { FileBinariesStore } from '../adapters/fileBinariesStore';
import { createNixCli } from '../adapters/nixCli';
import { defaultStorageDirectory } from '../adapters/storageDirectory';
import { openClosureRuntime, type ClosureRuntime } from '../closureRuntime';
import type { FlakeFacts, InputFacts } from '../domain/flakeFacts';
import type { InputsReport } from '../domain/inputsReport';
import { partOf } from '../domain/shardReport';
import { parseStorePath, describeStorePathError, type StorePath } from '../domain/storePath';
import { attributeClosure } from '../engine/attribution';
import {
  checkBinaries,
  knownBinariesOf,
  ownFlakes,
  withBinaries,
  type BinariesPorts,
  type InputBinaries,
} from '../engine/binaries';
import { auditOutputs, type Walk } from '../engine/closure/auditOutputs';
import { auditClosure, withFlake, type ClosureAudit } from '../engine/closure/auditReport';
import { shardQuestion, withShard } from '../engine/closure/shardReport';
import type { AuditScope } from '../engine/engine';
import type { BinariesStore, Logger, NixCli, NixFailure } from '../engine/ports';
import { finishedAudit } from '../report/finishedAudit';
import type { Runtime } from '../runtime';
import { plainText } from '../util/plainText';
import type { ReportCommand } from './options';
import { closureProgress } from './closureProgress';
import { printReport, type CliProcess } from './printReport';
import { EXIT, exitCode } from './exit';
import { laterLog } from './laterLog';
import { applyOutputPolicy, type ReadPolicy } from './vet/vetReport';

export interface NixRequest {
  readonly command: ReportCommand;
  /** What the two files and the caches say. */
  readonly report: InputsReport;
  /** Of the flake, or the one that was named; absent where there is none. */
  readonly vetting: ReadPolicy;
  readonly facts: FlakeFacts;
  /** Absolute. */
  readonly dir: string;
  readonly scope: AuditScope;
  readonly runtime: Runtime;
  readonly io: CliProcess;
  readonly log: Logger;
}

interface Tools {
  /** Where an audit of outputs is. */
  readonly at: { planning: boolean };
  readonly nix: NixCli;
  readonly walk: Walk;
  readonly log: Logger;
}

/** Runs Nix, prints the whole report, and says by the exit code what was found. Rejects only when `signal` aborts, or for a bug. */
export async function runWithNix(request: NixRequest, signal: AbortSignal): Promise<number> {
  const { command, dir, scope, runtime, io, log } = request;
  const { configuration } = scope;
  const later = laterLog(log);
  const closures = openClosures(request, later);
  const progress = closureProgress(io.stderr, command.quiet);
  const at = { planning: false };
  const tools: Tools = {
    at,
    nix: createNixCli({ environment: runtime.environment, foreignFolders: [dir], storeDir: configuration.storeDir }),
    walk: (asked, walking) =>
      closures.walk(
        {
          ...asked,
          configuration,
          // A look at single paths while planning compares nothing.
          challenge: command.challenge && asked.maxPaths !== asked.roots.length,
          offline: command.offline,
          // The walk that asks again must be the first to do so, or it would not see that an answer is another than last time.
          refresh: command.refresh && !at.planning,
          onProgress: progress.update,
        },
        walking,
      ),
    log,
  };
  try {
    const report = await reportWithBinaries(request, tools, signal);
    if (report === undefined) return EXIT.failed;
    if (command.outputs.length === 0) return await finish(request, report, later, progress);
    const audited = await audit(request, report, tools, signal);
    progress.stop();
    later.flush();
    if (audited === undefined) return EXIT.failed;
    const printed = await printReport(finishedAudit(audited), command, scope, runtime, io, log);
    return printed && !answeredNothing(audited) ? exitCode(audited.report, command) : EXIT.failed;
  } finally {
    progress.stop();
    later.flush();
    await closures.close();
  }
}

/** Looks the binaries up that were asked for; `undefined` when Nix could not tell, which has been said then. */
async function reportWithBinaries(
  request: NixRequest,
  { nix, walk }: Tools,
  signal: AbortSignal,
): Promise<InputsReport | undefined> {
  const { command, report, facts, dir, runtime, log } = request;
  if (command.binaries === undefined) return report;
  const chosen = chooseInputs(facts, command.binaries);
  if (typeof chosen === 'string') {
    log.error(`--binaries: there is no input "${plainText(chosen, 100)}"`);
    return undefined;
  }
  const ports: BinariesPorts = { nix, walk, store: binariesStore(request), clock: runtime.clock };
  const found = new Map<string, InputBinaries>();
  for (const input of chosen) {
    const checked = await checkBinaries(facts, input, { dir }, ports, signal);
    if (checked.kind === 'ok') {
      found.set(input.path.join('/'), checked.value);
      continue;
    }
    logFailure(checked, `the packages of ${plainText(input.path.join('/'), 80)}`, log);
    return undefined;
  }
  return withBinaries(report, found);
}

/** Adds what earlier runs found out about binaries, judged by what is remembered of the caches: runs no Nix, asks nobody. */
export async function withKnownBinaries(request: NixRequest, signal: AbortSignal): Promise<InputsReport> {
  const { report, facts, scope, log } = request;
  let closures: ClosureRuntime | undefined;
  const openWalk = (): Promise<Walk> => {
    const opened = (closures = openClosures(request, log));
    return Promise.resolve((asked, walking) =>
      opened.walk({ ...asked, configuration: scope.configuration, challenge: false, offline: true, refresh: false }, walking),
    );
  };
  try {
    return withBinaries(report, await knownBinariesOf(facts, binariesStore(request), openWalk, signal));
  } finally {
    await closures?.close();
  }
}

function openClosures({ command, scope, runtime, io }: NixRequest, log: Logger): ClosureRuntime {
  const { sslCertFile } = scope.configuration;
  return openClosureRuntime({
    environment: runtime.environment,
    log,
    connections: command.connections,
    timeoutMs: command.timeoutMs,
    remember: command.cache,
    ...(command.cacheDir === undefined ? {} : { storageDir: path.resolve(io.cwd, command.cacheDir) }),
    ...(sslCertFile === undefined ? {} : { sslCertFile }),
  });
}

function binariesStore({ command, runtime, io }: NixRequest): BinariesStore {
  if (!command.cache) return NOTHING_STORED;
  const { cacheDir } = command;
  return new FileBinariesStore(
    cacheDir === undefined ? defaultStorageDirectory(runtime.environment) : path.resolve(io.cwd, cacheDir),
  );
}

const NOTHING_STORED: BinariesStore = {
  get: () => Promise.resolve([]),
  put: () => Promise.resolve(),
  clear: () => Promise.resolve(),
};

/** The inputs by their path from the root; or the first name that is none. All are those of flake.nix itself that are flakes. */
function chooseInputs(facts: FlakeFacts, asked: readonly string[] | 'all'): readonly InputFacts[] | string {
  if (asked === 'all') return ownFlakes(facts);
  const chosen: InputFacts[] = [];
  for (const name of asked) {
    const input = facts.inputs.find(({ path: names }) => names.join('/') === name);
    if (input === undefined) return name;
    chosen.push(input);
  }
  return chosen;
}

/** Nobody could be asked about any path: the question was not answered. */
function answeredNothing({ summary: { totals } }: ClosureAudit): boolean {
  return totals.paths > 0 && totals.paths === (totals.byVerdict.unknown ?? 0);
}

async function audit(
  request: NixRequest,
  report: InputsReport,
  tools: Tools,
  signal: AbortSignal,
): Promise<ClosureAudit | undefined> {
  const { command, facts, dir, scope, log, runtime, vetting } = request;
  const { configuration } = scope;
  const paths: StorePath[] = [];
  for (const text of command.paths) {
    const parsed = parseStorePath(text, configuration.storeDir);
    if (!parsed.ok) {
      log.error(`${plainText(text, 300)} ${describeStorePathError(parsed.error)}`);
      return undefined;
    }
    paths.push(parsed.value);
  }
  const outputs = await chosenOutputs(request, tools, signal);
  if (outputs === undefined) return undefined;
  const { shard } = command;
  const roots = [...outputs, ...new Set(paths)];
  const mine = new Set(shard === undefined ? roots : partOf(roots, shard));
  const outcome = await auditOutputs(
    {
      flake: { dir, allowImportFromDerivation: command.allowImportFromDerivation },
      installables: outputs.filter((output) => mine.has(output)),
      paths: paths.filter((storePath) => mine.has(storePath)),
      partial: true,
      onStage: (stage) => {
        tools.at.planning = stage === 'planning';
      },
      attribute: (derivations, all, attributing) =>
        attributeClosure(
          {
            facts,
            flake: { dir },
            derivations,
            paths: all,
            onFailure: (input, { message }) =>
              log.warn(`which paths come from ${plainText(input.join('/'), 80)} was not found out: ${plainText(message, 300)}`),
          },
          { nix: tools.nix, store: binariesStore(request), clock: request.runtime.clock },
          attributing,
        ),
      trusted: configuration.trusted,
      storeDir: configuration.storeDir,
      ...(command.maxPaths === undefined ? {} : { maxPaths: command.maxPaths }),
    },
    tools,
    signal,
  );
  if (outcome.kind === 'failed') {
    logFailure(outcome, 'the outputs', log);
    return undefined;
  }
  const rules = { audit: true, offline: command.offline };
  const flakeAudit = withFlake(report, await auditClosure(outcome.value.closure, rules), outcome.value, rules);
  const now = runtime.clock.now();
  const whole = await applyOutputPolicy(flakeAudit, vetting, { trusted: configuration.trusted, now });
  if (shard === undefined) return whole;
  const texts = { flakeTexts: [facts.flakeNixText, facts.lockText], vettingTexts: vetting.texts };
  return withShard(whole, shard, shardQuestion({ ...command, outputs, paths, configuration, ...texts }), outcome.value);
}

/** The installables that are audited, each once, in the order in which they were named; `undefined` when Nix could not tell. */
async function chosenOutputs(
  { command, dir, log }: NixRequest,
  { nix }: Tools,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const chosen: string[] = [];
  for (const output of command.outputs) {
    if (output !== 'all') {
      chosen.push(output);
      continue;
    }
    const listed = await nix.listOutputs({ dir, allowImportFromDerivation: command.allowImportFromDerivation }, signal);
    if (listed.kind === 'failed') {
      logFailure(listed, 'the outputs', log);
      return undefined;
    }
    const { system, outputs } = listed.value;
    if (outputs.length === 0) {
      log.error(`--output all: the flake has no package, shell, check or NixOS configuration for ${plainText(system, 60)}`);
      return undefined;
    }
    chosen.push(...outputs.map(({ installable }) => installable));
  }
  return [...new Set(chosen)];
}

function logFailure({ message, hint }: NixFailure, what: string, log: Logger): void {
  log.error(`Nix does not tell ${what}: ${message}${hint === undefined ? '' : `. ${hint}`}`);
}

async function finish(
  { command, scope, runtime, io, log }: NixRequest,
  report: InputsReport,
  later: { flush(): void },
  progress: { stop(): void },
): Promise<number> {
  progress.stop();
  later.flush();
  return (await printReport({ report }, command, scope, runtime, io, log)) ? exitCode(report, command) : EXIT.failed;
}
