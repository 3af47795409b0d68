/**
 * The installed Nix, run so that it evaluates and nothing more: it builds nothing, accepts no setting of a flake, writes no flake.lock. Which
 * words see to that is in `nix/arguments.ts`; what Nix prints is read by the parsers beside it, one for each command.
 */
import { setImmediate as pause } from 'node:timers/promises';
import type {
  Environment,
  FlakeOutputs,
  InputPackages,
  NixAnswer,
  NixCli,
  NixFailure,
  NixFlake,
  NixVersion,
  ResolvedInstallables,
} from '../engine/ports';
import type { LocalPathInfo } from '../domain/localPathInfo';
import type { Result } from '../domain/result';
import { STORE_DIR, type StorePath } from '../domain/storePath';
import { plainText } from '../util/plainText';
import { ALWAYS, flakeFlags, isInstallable, NO_BUILDING, NO_IMPORT, NO_SUBSTITUTION, nixVariables } from './nix/arguments';
import { parseBuildables } from './nix/buildables';
import { parseDerivations, type FormatError } from './nix/derivations';
import { describeNixFailure } from './nix/failure';
import { findNix } from './nix/findNix';
import { OUTPUT_KINDS, outputsOfNames, parseFlakeShow, sorted } from './nix/flakeShow';
import { parseInputPackages, parseNames, parseResolvedUrl, withWrapper, type WrapperRequest } from './nix/inputPackages';
import { parsePathInfo } from './nix/pathInfo';
import { derivationShow, isAtLeast, OLDEST_NIX, parseNixVersion, pathInfoJson } from './nix/version';
import { runProgram } from './runProgram';

export interface NixCliOptions {
  readonly environment: Environment;
  /** Folders whose programs are never run: the flake's, and those open in the editor. */
  readonly foreignFolders: readonly string[];
  readonly storeDir?: string;
  /** For one run of Nix; evaluating a system takes minutes. Default: ten minutes. */
  readonly timeoutMs?: number;
}

/** The derivations of a whole system are about 100 MB of JSON; a JavaScript string holds half a gigabyte. */
const MAX_OUTPUT = 400 * 1024 * 1024;
const TIMEOUT_MS = 600_000;

/** Keeps the arguments below the limit of every system. */
const PATHS_AT_ONCE = 800;

/** Makes the port over the Nix that `PATH` leads to, which is looked for when something is first asked. */
export function createNixCli(options: NixCliOptions): NixCli {
  return new InstalledNix(options);
}

interface Installed {
  readonly version: NixVersion;
  readonly searchPath: string;
}

class InstalledNix implements NixCli {
  readonly #options: NixCliOptions;
  readonly #storeDir: string;
  #installed: Installed | undefined;

  constructor(options: NixCliOptions) {
    this.#options = options;
    this.#storeDir = options.storeDir ?? STORE_DIR;
  }

  async version(signal: AbortSignal): Promise<NixAnswer<NixVersion>> {
    const found = await this.#find(signal);
    return found.kind === 'failed' ? found : answer(found.value.version);
  }

  async listOutputs(flake: NixFlake, signal: AbortSignal): Promise<NixAnswer<FlakeOutputs>> {
    const system = await this.#system(signal);
    if (system.kind === 'failed') return system;
    const shown = await this.#run(['flake', 'show', ...flakeFlags(flake), '--json'], flake.dir, signal);
    if (shown.kind === 'failed') {
      // One output that does not evaluate spoils it for all: then their names alone, for which none of them is evaluated.
      const spoilt = ['evaluation', 'needs-import-from-derivation', 'missing-attribute'].includes(shown.reason);
      return spoilt ? this.#outputNames(flake, system.value, signal) : shown;
    }
    const outputs = understood(parseFlakeShow(shown.value, system.value));
    return outputs.kind === 'failed' ? outputs : answer({ system: system.value, outputs: outputs.value });
  }

  async resolve(flake: NixFlake, installables: readonly string[], signal: AbortSignal): Promise<NixAnswer<ResolvedInstallables>> {
    const bad = installables.find((installable) => !isInstallable(installable));
    if (bad !== undefined) return failure('bad-installable', `"${plainText(bad, 100)}" is no installable`);
    if (installables.length === 0) return answer({ roots: [], paths: [], derivations: new Map() });
    const flags = [...flakeFlags(flake), ...NO_SUBSTITUTION];
    const dryRun = ['build', '--dry-run', '--no-link', '--json', ...flags, '--', ...installables];
    const printed = await this.#run(dryRun, flake.dir, signal);
    if (printed.kind === 'failed') return printed;
    const buildables = understood(parseBuildables(printed.value, this.#storeDir));
    if (buildables.kind === 'failed') return buildables;
    const { roots, paths } = buildables.value;
    if (roots.length === 0) return answer({ roots, paths, derivations: new Map() });
    const derivations = await this.#derivations(
      roots.map(({ drvPath }) => drvPath),
      signal,
    );
    return derivations.kind === 'failed' ? derivations : answer({ roots, paths, derivations: derivations.value });
  }

  async localPaths(paths: readonly StorePath[], signal: AbortSignal): Promise<NixAnswer<ReadonlyMap<StorePath, LocalPathInfo>>> {
    const found = await this.#find(signal);
    if (found.kind === 'failed') return found;
    const command = ['path-info', ...pathInfoJson(found.value.version), ...ALWAYS, ...NO_BUILDING, ...NO_SUBSTITUTION, '--'];
    const infos = new Map<StorePath, LocalPathInfo>();
    for (let at = 0; at < paths.length; at += PATHS_AT_ONCE) {
      const printed = await this.#run([...command, ...paths.slice(at, at + PATHS_AT_ONCE)], '/', signal);
      if (printed.kind === 'failed') return printed;
      const parsed = understood(parsePathInfo(printed.value, this.#storeDir));
      if (parsed.kind === 'failed') return parsed;
      for (const [path, info] of parsed.value) infos.set(path, info);
    }
    return answer(infos);
  }

  inputPackages(
    flake: NixFlake,
    input: readonly string[],
    sample: readonly string[],
    signal: AbortSignal,
  ): Promise<NixAnswer<InputPackages>> {
    return this.#packages(flake, { input, sample, onlySample: false }, signal);
  }

  findPackages(
    flake: NixFlake,
    input: readonly string[],
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<NixAnswer<InputPackages>> {
    return this.#packages(flake, { input, sample: names, onlySample: true }, signal);
  }

  async #packages(
    flake: NixFlake,
    which: Pick<WrapperRequest, 'input' | 'sample' | 'onlySample'>,
    signal: AbortSignal,
  ): Promise<NixAnswer<InputPackages>> {
    const system = await this.#system(signal);
    if (system.kind === 'failed') return system;
    const metadata = await this.#run(['flake', 'metadata', ...flakeFlags(flake), '--json'], flake.dir, signal);
    if (metadata.kind === 'failed') return metadata;
    const url = understood(parseResolvedUrl(metadata.value));
    if (url.kind === 'failed') return url;
    const request = { url: url.value, system: system.value, ...which };
    return withWrapper(request, async (folder, reference) => {
      // The lock that is not written is that of our own flake; the audited one was found complete by the command before.
      const flags = [...ALWAYS, '--no-write-lock-file', ...NO_IMPORT, ...NO_BUILDING];
      const printed = await this.#run(['eval', '--json', '--read-only', ...flags, '--', `${reference}#packages`], folder, signal);
      if (printed.kind === 'failed') return printed;
      return understood(parseInputPackages(printed.value, system.value, this.#storeDir));
    });
  }

  async #derivations(roots: readonly StorePath[], signal: AbortSignal): Promise<NixAnswer<ResolvedInstallables['derivations']>> {
    const found = await this.#find(signal);
    if (found.kind === 'failed') return found;
    const command = [...derivationShow(found.value.version), '-r', ...ALWAYS, ...NO_BUILDING, ...NO_SUBSTITUTION];
    const printed = await this.#run([...command, '--', ...roots], '/', signal);
    if (printed.kind === 'failed') return printed;
    const parsed = await parseDerivations(printed.value, () => pause(), this.#storeDir);
    signal.throwIfAborted();
    return understood(parsed);
  }

  async #outputNames(flake: NixFlake, system: string, signal: AbortSignal): Promise<NixAnswer<FlakeOutputs>> {
    const outputs = [];
    for (const { attribute, kind } of OUTPUT_KINDS) {
      const fragment = kind === 'nixos-configuration' ? attribute : `${attribute}.${system}`;
      const command = ['eval', ...flakeFlags(flake), '--json', '--apply', 'builtins.attrNames', '--', `.#${fragment}`];
      const printed = await this.#run(command, flake.dir, signal);
      if (printed.kind === 'failed') {
        if (printed.reason === 'missing-attribute') continue;
        return printed;
      }
      const names = understood(parseNames(printed.value));
      if (names.kind === 'failed') return names;
      outputs.push(...outputsOfNames(kind, names.value, system));
    }
    return answer({ system, outputs: sorted(outputs) });
  }

  /** Asks Nix, as the user's `system` setting counts. The expression is ours, so that impure evaluation is no danger. */
  async #system(signal: AbortSignal): Promise<NixAnswer<string>> {
    const flags = [...ALWAYS, ...NO_BUILDING, '--impure', '--raw', '--expr'];
    const printed = await this.#run(['eval', ...flags, 'builtins.currentSystem'], '/', signal);
    if (printed.kind === 'failed') return printed;
    const system = printed.value.trim();
    return /^[\w-]{3,60}$/.test(system)
      ? answer(system)
      : understood({ ok: false, error: 'it does not say for which system it is' });
  }

  async #find(signal: AbortSignal): Promise<NixAnswer<Installed>> {
    if (this.#installed !== undefined) return answer(this.#installed);
    const search = await findNix(this.#options.environment, this.#options.foreignFolders);
    if (search.kind === 'absent') return notFound(search.refused);
    const { file, searchPath } = search;
    const printed = await this.#execute(file, searchPath, ['--version'], '/', signal);
    if (printed.kind === 'failed') return printed;
    const dialect = parseNixVersion(printed.value);
    if (dialect === undefined) return understood({ ok: false, error: 'it does not say its version as Nix does' });
    const { major, minor } = OLDEST_NIX;
    if (!isAtLeast(dialect, major, minor)) {
      return failure('too-old', `this is Nix ${plainText(dialect.text, 40)}; ${major}.${minor} is the oldest that is supported`);
    }
    this.#installed = { version: { ...dialect, file }, searchPath };
    return answer(this.#installed);
  }

  async #run(args: readonly string[], cwd: string, signal: AbortSignal): Promise<NixAnswer<string>> {
    const found = await this.#find(signal);
    if (found.kind === 'failed') return found;
    return this.#execute(found.value.version.file, found.value.searchPath, args, cwd, signal);
  }

  async #execute(
    file: string,
    searchPath: string,
    args: readonly string[],
    cwd: string,
    signal: AbortSignal,
  ): Promise<NixAnswer<string>> {
    const { environment, timeoutMs = TIMEOUT_MS } = this.#options;
    const env = nixVariables(environment, searchPath);
    const outcome = await runProgram({ file, args, cwd, env, timeoutMs, maxOutput: MAX_OUTPUT }, signal);
    switch (outcome.kind) {
      case 'exited':
        return outcome.status === 0 ? answer(outcome.stdout) : describeNixFailure(outcome.stderr, outcome.status);
      case 'timeout':
        return failure('timeout', `Nix did not finish within ${Math.round(timeoutMs / 1000)} seconds`);
      case 'too-large':
        return failure('too-large', `Nix printed more than ${MAX_OUTPUT / 1024 / 1024} MiB`);
      case 'not-started':
        return failure(
          'failed',
          `${plainText(file, 300)} cannot be run in ${plainText(cwd, 300)}: ${plainText(outcome.code, 100)}`,
        );
    }
  }
}

function answer<T>(value: T): NixAnswer<T> {
  return { kind: 'ok', value };
}

function failure(reason: NixFailure['reason'], message: string, hint?: string): NixFailure {
  return { kind: 'failed', reason, message, ...(hint === undefined ? {} : { hint }) };
}

function understood<T>(parsed: Result<T, FormatError>): NixAnswer<T> {
  if (parsed.ok) return answer(parsed.value);
  const hint = 'This Nix may be newer than this version of Flake Trust.';
  return failure('unknown-format', `Nix was not understood: ${plainText(parsed.error, 300)}`, hint);
}

function notFound(refused: readonly string[]): NixFailure {
  const passedOver = refused.length === 0 ? '' : `; passed over: ${refused.map((entry) => plainText(entry, 100)).join(', ')}`;
  return failure(
    'not-found',
    `there is no nix in PATH${passedOver}`,
    'An audit of outputs runs the Nix that is installed. Inputs and store paths are audited without it.',
  );
}
