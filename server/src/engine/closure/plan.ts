/**
 * What Nix would do to have some outputs: what is in the local store, what it would fetch, what it would build here and need for that in
 * turn. As Nix's dry run, with one difference: that counts a path as fetched as soon as a cache names it, while here it counts only if what the
 * cache says of it, and of everything it refers to, would be accepted.
 */
import type { Derivation } from '../../domain/derivation';
import type { LocalPathInfo } from '../../domain/localPathInfo';
import { storePathOrder, type StorePath } from '../../domain/storePath';
import { compareText } from '../../util/compare';
import { Slices } from '../../util/inSlices';
import { sortByOrder } from '../../util/sortByOrder';

/** A narinfo that Nix would accept: its signature passes, or its content address. */
export interface Substitute {
  /** URL of the cache that Nix would take it from. */
  readonly from: string;
  readonly references: readonly StorePath[];
}

/** The two places where a path may be. Both are asked with many paths at once, and answer with those that they have. */
export interface PlanSources {
  local(paths: readonly StorePath[], signal: AbortSignal): Promise<ReadonlyMap<StorePath, LocalPathInfo>>;
  substitutes(paths: readonly StorePath[], signal: AbortSignal): Promise<ReadonlyMap<StorePath, Substitute>>;
}

export interface PlanRequest {
  readonly roots: readonly { readonly drvPath: StorePath; readonly outputs: readonly string[] }[];
  readonly derivations: ReadonlyMap<StorePath, Derivation>;
  /** Nix's setting `always-allow-substitutes`. */
  readonly alwaysAllowSubstitutes?: boolean;
}

/**
 * Why an output would be built. `not-in-caches`: none has a narinfo that passes; `forbidden`: the derivation says `allowSubstitutes = false`;
 * `broken-closure`: it is there, but refers, directly or not, to `missing`, which is not; `unknown-path`: its path is known only after the build.
 */
export type BuildReason =
  | {
      readonly kind: 'not-in-caches' | 'broken-closure';
      /** The first such path in order of names. */ readonly missing: StorePath;
    }
  | { readonly kind: 'forbidden' | 'unknown-path' };

export interface PlannedBuild {
  readonly derivation: Derivation;
  /** Names of the outputs that somebody needs; the build makes the others too. */
  readonly outputs: readonly string[];
  readonly reason: BuildReason;
}

/** All lists are sorted by path. */
export interface BuildPlan {
  /** The wanted outputs whose path is known. */
  readonly roots: readonly StorePath[];
  /** Needed paths that are there already, with everything that they refer to. */
  readonly local: ReadonlyMap<StorePath, LocalPathInfo>;
  /** Needed paths that Nix would fetch, with everything that they refer to. */
  readonly substitute: ReadonlyMap<StorePath, Substitute>;
  readonly build: readonly PlannedBuild[];
  /** Sources that the builds need and that are neither there nor in a cache. */
  readonly missing: readonly StorePath[];
  /** Derivations that are needed but were not described, or that need others which are known only while building. */
  readonly unplanned: readonly StorePath[];
}

/** What an audit looks at, and how each path would come about. */
export interface PlannedAudit {
  /** Every path, sorted. */
  readonly paths: readonly StorePath[];
  /** Where to start a walk over narinfos: those in the local store are asked for too, since the caches vouch for what is there. */
  readonly walk: readonly StorePath[];
  readonly built: ReadonlyMap<StorePath, 'local' | 'would-build'>;
}

/** Makes the plan. Rejects only as its sources do. Time is linear in derivations and references, times the number of refused outputs' layers. */
export async function planBuild(request: PlanRequest, sources: PlanSources, signal: AbortSignal): Promise<BuildPlan> {
  const known = new Knowledge(sources, signal);
  const refused = new Map<StorePath, StorePath>();
  for (;;) {
    const decided = await decide(request, known, refused);
    const reached = await follow([...decided.fetched, ...decided.present, ...decided.sources], known);
    const broken = await brokenPaths(reached, known);
    const before = refused.size;
    for (const path of decided.fetched) {
      const missing = broken.get(path);
      if (missing !== undefined) refused.set(path, missing);
    }
    // Each round refuses an output more, so that this ends; most plans need one.
    if (refused.size === before) return await outcome(request, decided, reached, known);
  }
}

/** Gathers what an audit of the plan looks at: the outputs, and what the builds need, each with what it refers to. */
export async function plannedAudit({ local, substitute, build, missing }: BuildPlan): Promise<PlannedAudit> {
  const built = new Map<StorePath, 'local' | 'would-build'>();
  for (const { derivation, outputs } of build) {
    for (const name of outputs) {
      const path = derivation.outputs.get(name)?.path;
      if (path !== undefined) built.set(path, 'would-build');
    }
  }
  for (const [path, { ultimate }] of local) if (ultimate) built.set(path, 'local');
  const paths = await sortedPaths(new Set([...local.keys(), ...substitute.keys(), ...built.keys(), ...missing]));
  return { paths, walk: paths.filter((path) => built.get(path) !== 'would-build'), built };
}

function sortedPaths(paths: Iterable<StorePath>): Promise<StorePath[]> {
  return sortByOrder([...paths], storePathOrder, compareText, new Slices());
}

/** Asks each source once for each path. */
class Knowledge {
  readonly #sources: PlanSources;
  readonly #signal: AbortSignal;
  readonly #local = new Map<StorePath, LocalPathInfo | undefined>();
  readonly #substitutes = new Map<StorePath, Substitute | undefined>();

  constructor(sources: PlanSources, signal: AbortSignal) {
    this.#sources = sources;
    this.#signal = signal;
  }

  local(path: StorePath): LocalPathInfo | undefined {
    return this.#local.get(path);
  }

  substitute(path: StorePath): Substitute | undefined {
    return this.#substitutes.get(path);
  }

  async lookLocally(paths: Iterable<StorePath>): Promise<void> {
    const unknown = [...new Set(paths)].filter((path) => !this.#local.has(path));
    if (unknown.length === 0) return;
    const found = await this.#sources.local(unknown, this.#signal);
    for (const path of unknown) this.#local.set(path, found.get(path));
  }

  async askCaches(paths: Iterable<StorePath>): Promise<void> {
    const unknown = [...new Set(paths)].filter((path) => !this.#substitutes.has(path));
    if (unknown.length === 0) return;
    const found = await this.#sources.substitutes(unknown, this.#signal);
    for (const path of unknown) this.#substitutes.set(path, found.get(path));
  }
}

interface Decisions {
  readonly present: Set<StorePath>;
  readonly fetched: Set<StorePath>;
  readonly sources: Set<StorePath>;
  readonly builds: Map<StorePath, { readonly derivation: Derivation; readonly outputs: Set<string>; reason: BuildReason }>;
  readonly unplanned: Set<StorePath>;
}

interface Wanted {
  readonly derivation: Derivation;
  readonly outputs: readonly string[];
}

/**
 * Goes from the roots to what they need, one layer of derivations after another, so that each layer is one question.
 * Source: Nix, `Store::queryMissing`: a derivation of which a wanted output is neither valid nor substitutable is built, and only then its inputs count.
 */
async function decide(
  { roots, derivations, alwaysAllowSubstitutes = false }: PlanRequest,
  known: Knowledge,
  refused: ReadonlyMap<StorePath, StorePath>,
): Promise<Decisions> {
  const decided: Decisions = {
    present: new Set(),
    fetched: new Set(),
    sources: new Set(),
    builds: new Map(),
    unplanned: new Set(),
  };
  const seen = new Set<string>();
  const enter = (drvPath: StorePath, outputs: readonly string[]): Wanted[] => {
    const key = `${drvPath}\n${[...outputs].sort(compareText).join('\n')}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const derivation = derivations.get(drvPath);
    if (derivation === undefined) decided.unplanned.add(drvPath);
    return derivation === undefined ? [] : [{ derivation, outputs }];
  };
  const mayFetch = ({ allowSubstitutes }: Derivation) => allowSubstitutes || alwaysAllowSubstitutes;

  let layer = roots.flatMap(({ drvPath, outputs }) => enter(drvPath, outputs));
  while (layer.length > 0) {
    await known.lookLocally(layer.flatMap(wantedPaths));
    const absent = (wanted: Wanted) => wantedPaths(wanted).filter((path) => known.local(path) === undefined);
    await known.askCaches(layer.filter(({ derivation }) => mayFetch(derivation)).flatMap(absent));
    const next: Wanted[] = [];
    for (const wanted of layer) {
      const { derivation, outputs } = wanted;
      const reason = whyBuild(wanted, absent(wanted), mayFetch(derivation), known, refused);
      if (reason === undefined) {
        for (const path of wantedPaths(wanted)) (known.local(path) === undefined ? decided.fetched : decided.present).add(path);
        continue;
      }
      const build = decided.builds.get(derivation.path) ?? { derivation, outputs: new Set<string>(), reason };
      for (const name of outputs) build.outputs.add(name);
      // Somebody may want another output of it, for another reason: which is told must not depend on who came first.
      if (compareReasons(reason, build.reason) < 0) build.reason = reason;
      decided.builds.set(derivation.path, build);
      if (derivation.dynamic === true) decided.unplanned.add(derivation.path);
      for (const source of derivation.inputSrcs) decided.sources.add(source);
      for (const [drvPath, names] of derivation.inputDrvs) next.push(...enter(drvPath, names));
    }
    layer = next;
  }
  return decided;
}

const REASONS = [
  'not-in-caches',
  'broken-closure',
  'forbidden',
  'unknown-path',
] as const satisfies readonly BuildReason['kind'][];

/** Orders reasons, so that the one told of a build is the same in whatever order its outputs are looked at. */
export function compareReasons(
  a: { readonly kind: BuildReason['kind']; readonly missing?: string },
  b: { readonly kind: BuildReason['kind']; readonly missing?: string },
): number {
  return REASONS.indexOf(a.kind) - REASONS.indexOf(b.kind) || compareText(a.missing ?? '', b.missing ?? '');
}

function wantedPaths({ derivation, outputs }: Wanted): StorePath[] {
  return outputs.map((name) => derivation.outputs.get(name)?.path).filter((path) => path !== undefined);
}

function whyBuild(
  wanted: Wanted,
  absent: readonly StorePath[],
  mayFetch: boolean,
  known: Knowledge,
  refused: ReadonlyMap<StorePath, StorePath>,
): BuildReason | undefined {
  if (wantedPaths(wanted).length < wanted.outputs.length) return { kind: 'unknown-path' };
  if (absent.length === 0) return undefined;
  if (!mayFetch) return { kind: 'forbidden' };
  const sorted = [...absent].sort(compareText);
  const missing = sorted.find((path) => known.substitute(path) === undefined);
  if (missing !== undefined) return { kind: 'not-in-caches', missing };
  const broken = sorted.map((path) => refused.get(path)).find((path) => path !== undefined);
  return broken === undefined ? undefined : { kind: 'broken-closure', missing: broken };
}

/** Looks up everything that the paths refer to, directly or not; gives all of them. */
async function follow(paths: readonly StorePath[], known: Knowledge): Promise<ReadonlySet<StorePath>> {
  const reached = new Set(paths);
  let layer = [...reached];
  while (layer.length > 0) {
    await known.lookLocally(layer);
    await known.askCaches(layer.filter((path) => known.local(path) === undefined));
    const next = new Set<StorePath>();
    for (const path of layer) {
      for (const reference of referencesOf(path, known)) if (!reached.has(reference)) next.add(reference);
    }
    for (const path of next) reached.add(path);
    layer = [...next];
  }
  return reached;
}

function referencesOf(path: StorePath, known: Knowledge): readonly StorePath[] {
  return known.local(path)?.references ?? known.substitute(path)?.references ?? [];
}

/** Finds the paths that cannot be had, each with what it lacks: itself, or, going up, what is lacking below. What is in the local store is whole. */
async function brokenPaths(reached: ReadonlySet<StorePath>, known: Knowledge): Promise<Map<StorePath, StorePath>> {
  const slices = new Slices();
  const referrers = new Map<StorePath, StorePath[]>();
  const broken = new Map<StorePath, StorePath>();
  for (const path of reached) {
    if (known.local(path) !== undefined) continue;
    if (known.substitute(path) === undefined) broken.set(path, path);
    for (const reference of referencesOf(path, known)) {
      const list = referrers.get(reference);
      if (list === undefined) referrers.set(reference, [path]);
      else list.push(path);
    }
    if (slices.due) await slices.pause();
  }
  const queue = await sortedPaths(broken.keys());
  for (const path of queue) {
    for (const referrer of referrers.get(path) ?? []) {
      if (broken.has(referrer)) continue;
      broken.set(referrer, broken.get(path) ?? path);
      queue.push(referrer);
    }
    if (slices.due) await slices.pause();
  }
  return broken;
}

async function outcome(
  request: PlanRequest,
  decided: Decisions,
  reached: ReadonlySet<StorePath>,
  known: Knowledge,
): Promise<BuildPlan> {
  const local = new Map<StorePath, LocalPathInfo>();
  const substitute = new Map<StorePath, Substitute>();
  const missing: StorePath[] = [];
  for (const path of await sortedPaths(reached)) {
    const info = known.local(path);
    const found = known.substitute(path);
    if (info !== undefined) local.set(path, info);
    else if (found !== undefined) substitute.set(path, found);
    else missing.push(path);
  }
  const roots = request.roots.flatMap(({ drvPath, outputs }) => {
    const derivation = request.derivations.get(drvPath);
    return derivation === undefined ? [] : wantedPaths({ derivation, outputs });
  });
  return {
    roots: [...new Set(roots)].sort(compareText),
    local,
    substitute,
    build: [...decided.builds.values()]
      .map(({ derivation, outputs, reason }) => ({ derivation, outputs: [...outputs].sort(compareText), reason }))
      .sort((a, b) => compareText(a.derivation.path, b.derivation.path)),
    missing,
    unplanned: [...decided.unplanned].sort(compareText),
  };
}
