/** The audit of flake outputs: what the installed Nix evaluates them to, what it would do to have them, and who vouches for all of it. */
import type { ClosurePath, InputShare, LocalCopy, PlanReport } from '../../domain/closureReport';
import type { Derivation } from '../../domain/derivation';
import { fixedSources, fixedSourceTotals, type FixedSource, type FixedSourceTotals } from '../../domain/fixedSources';
import type { InputClaim } from '../../domain/inputClaims';
import { localNarinfo, type LocalPathInfo } from '../../domain/localPathInfo';
import type { TrustedKeys } from '../../domain/publicKey';
import type { StorePath } from '../../domain/storePath';
import { verifyNarinfo } from '../../domain/verifyNarinfo';
import { compareText } from '../../util/compare';
import { Slices } from '../../util/inSlices';
import type { Attributed, Attribution } from '../attribution';
import type { NixAnswer, NixCli, NixFailure, NixFlake } from '../ports';
import type { Closure } from './closure';
import type { ClosureRequest } from './request';
import { planBuild, plannedAudit, type BuildPlan, type PlanSources, type Substitute } from './plan';

/** Looks store paths up: all that the roots lead to, or the first `maxPaths` of it. */
export type Walk = (
  request: Pick<ClosureRequest, 'roots'> & Partial<Pick<ClosureRequest, 'also' | 'maxPaths' | 'withheld'>>,
  signal: AbortSignal,
) => Promise<Closure>;

export interface OutputsRequest {
  readonly flake: NixFlake;
  readonly installables: readonly string[];
  /** Further roots, which need no evaluation. */
  readonly paths: readonly StorePath[];
  /** Bounds the whole audit; the plan may ask about as many paths again. */
  readonly maxPaths?: number;
  readonly trusted: TrustedKeys;
  readonly storeDir: string;
  /** Whether a cancelled walk gives what it learned, as an audit whose closure is `stopped`; else it rejects, as everything before it does. */
  readonly partial?: boolean;
  /** Tells from which input each path comes, where that can be shown. */
  readonly attribute?: (
    derivations: ReadonlyMap<StorePath, Derivation>,
    paths: Iterable<StorePath>,
    signal: AbortSignal,
  ) => Promise<Attributed>;
  /** Told when the next part begins. */
  readonly onStage?: (stage: 'evaluating' | 'planning' | 'walking') => void;
}

export interface OutputsAudit {
  /** The outputs asked for, and the further roots. */
  readonly roots: readonly StorePath[];
  readonly plan: BuildPlan;
  /** Over everything that is needed: what is there, what would be fetched, and what would be built. */
  readonly closure: Closure;
  readonly planReport: PlanReport;
  readonly sources: { readonly totals: FixedSourceTotals; readonly list: readonly FixedSource[] };
  /** Absent where nobody asked. */
  readonly byInput?: readonly InputShare[];
  readonly claims?: readonly InputClaim[];
  /** Adds to a path of the closure what only Nix knows of it. */
  readonly describe: (path: ClosurePath) => ClosurePath;
}

/** Runs Nix, plans, and walks. Fails as Nix does; rejects only when `signal` aborts. */
export async function auditOutputs(
  request: OutputsRequest,
  { nix, walk }: { readonly nix: NixCli; readonly walk: Walk },
  signal: AbortSignal,
): Promise<NixAnswer<OutputsAudit>> {
  request.onStage?.('evaluating');
  const version = await nix.version(signal);
  if (version.kind === 'failed') return version;
  const resolved = await nix.resolve(request.flake, request.installables, signal);
  if (resolved.kind === 'failed') return resolved;

  request.onStage?.('planning');
  let plan: BuildPlan;
  try {
    plan = await planBuild(resolved.value, planSources(nix, walk), signal);
  } catch (error) {
    if (error instanceof NixFailed) return error.failure;
    throw error;
  }
  request.onStage?.('walking');
  const roots = [...new Set([...plan.roots, ...resolved.value.paths, ...request.paths])].sort(compareText);
  const { paths, built } = await plannedAudit(plan);
  const { maxPaths } = request;
  const closure = await walk({ roots, also: paths, ...(maxPaths === undefined ? {} : { maxPaths }) }, signal);
  if (request.partial !== true) signal.throwIfAborted();
  const attributed = await attribute(resolved.value.derivations, closure, request, signal);
  const attribution = attributed?.inputs;
  const list = fixedSources(resolved.value.derivations.values());
  return {
    kind: 'ok',
    value: {
      roots,
      plan,
      closure,
      planReport: reportPlan(plan, version.value.text),
      sources: { totals: fixedSourceTotals(list), list },
      ...(attribution === undefined
        ? {}
        : { byInput: await inputShares(withInputs(closure, attribution)), claims: attributed?.claims ?? [] }),
      describe: (path) => {
        const storePath = path.storePath as StorePath;
        const mark = built.get(storePath);
        const info = plan.local.get(storePath);
        const input = attribution?.get(storePath);
        return {
          ...path,
          ...(mark === undefined ? {} : { built: mark }),
          ...(info === undefined ? {} : { local: localCopy(info, request) }),
          ...(input === undefined ? {} : { input }),
        };
      },
    },
  };
}

async function attribute(
  derivations: ReadonlyMap<StorePath, Derivation>,
  closure: Closure,
  request: OutputsRequest,
  signal: AbortSignal,
): Promise<Attributed | undefined> {
  if (signal.aborted || request.attribute === undefined) return undefined;
  try {
    return await request.attribute(derivations, storePathsOf(closure), signal);
  } catch (error) {
    if (request.partial !== true || error !== signal.reason) throw error;
    return undefined;
  }
}

function* storePathsOf(closure: Closure): Generator<StorePath> {
  for (const { storePath } of closure.entries()) yield storePath;
}

function* withInputs(closure: Closure, attribution: Attribution): Generator<Pick<ClosurePath, 'input' | 'narSize'>> {
  for (const { storePath, shown } of closure.entries()) {
    const input = attribution.get(storePath);
    yield { ...(input === undefined ? {} : { input }), ...(shown === undefined ? {} : { narSize: shown.narSize }) };
  }
}

interface Share {
  readonly input?: readonly string[];
  paths: number;
  narBytes: number;
}

/** Counts paths by the input that they come from, those of most paths first; what belongs to no input comes last. */
export async function inputShares(paths: Iterable<Pick<ClosurePath, 'input' | 'narSize'>>): Promise<InputShare[]> {
  const slices = new Slices();
  const shares = new Map<string, Share>();
  // Nearly all paths of an input have the very same list, which is known again without being read.
  const known = new Map<readonly string[] | undefined, Share>();
  for (const { input, narSize = 0 } of paths) {
    let share = known.get(input);
    if (share === undefined) {
      const key = JSON.stringify(input ?? null);
      share = shares.get(key) ?? { ...(input === undefined ? {} : { input }), paths: 0, narBytes: 0 };
      shares.set(key, share);
      known.set(input, share);
    }
    share.paths++;
    share.narBytes += narSize;
    if (slices.due) await slices.pause();
  }
  return [...shares.values()].sort(
    (a, b) =>
      (a.input === undefined ? 1 : 0) - (b.input === undefined ? 1 : 0) ||
      b.paths - a.paths ||
      compareText(a.input?.join('/') ?? '', b.input?.join('/') ?? ''),
  );
}

/** Carries a failure of Nix out of the plan, which knows nothing of Nix. */
class NixFailed extends Error {
  readonly failure: NixFailure;

  constructor(failure: NixFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

function planSources(nix: NixCli, walk: Walk): PlanSources {
  return {
    async local(paths, signal) {
      const infos = await nix.localPaths(paths, signal);
      if (infos.kind === 'failed') throw new NixFailed(infos);
      return infos.value;
    },
    async substitutes(paths, signal) {
      // As many paths as roots: a look at each of them and no further. The plan itself goes on with what they refer to.
      const closure = await walk({ roots: paths, maxPaths: paths.length }, signal);
      signal.throwIfAborted();
      const found = new Map<StorePath, Substitute>();
      for (const { storePath, from, shown } of closure.entries()) {
        if (from === undefined || shown === undefined) continue;
        found.set(storePath, { from: from.url, references: shown.references.map((reference) => closure.pathOf(reference)) });
      }
      return found;
    },
  };
}

function localCopy(info: LocalPathInfo, { trusted, storeDir }: OutputsRequest): LocalCopy {
  const check = verifyNarinfo(localNarinfo(info), { asked: info.path, trusted, storeDir });
  return check.kind === 'checked'
    ? { verdict: check.verdict, keyNames: [...check.keyNames].sort(compareText), narHash: info.narHash }
    : { verdict: 'unknown', keyNames: [], narHash: info.narHash };
}

function reportPlan({ local, substitute, build, missing, unplanned }: BuildPlan, nix: string): PlanReport {
  return {
    nix,
    local: local.size,
    substitute: substitute.size,
    build: build.map(({ derivation, outputs, reason }) => ({
      drvPath: derivation.path,
      outputs,
      reason: reason.kind,
      ...('missing' in reason ? { missing: reason.missing } : {}),
    })),
    missing,
    unplanned,
  };
}
