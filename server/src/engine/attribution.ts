/**
 * From which input each path of an output's closure comes, where that can be shown. Two things show it. A package that an input offers has
 * exactly this output path: names are guessed to find it, equal paths prove it. And what is needed to build a package of an input that has no
 * inputs of its own can come from nowhere else. Where a package claims to be defined (`meta.position`) is no proof, since a flake may change
 * a package and the claim stays; it only decides between inputs that offer the same. All other paths stay without an input.
 */
import type { Derivation } from '../domain/derivation';
import { decideClaims, type ClaimKind, type InputClaim } from '../domain/inputClaims';
import type { FlakeFacts, InputFacts } from '../domain/flakeFacts';
import { attributeNames } from '../domain/packageNames';
import type { StorePath } from '../domain/storePath';
import { compareText } from '../util/compare';
import { Slices } from '../util/inSlices';
import { joinedPackages, ownFlakes, packagesKey, recalledInputs, type BinariesPorts } from './binaries';
import type { NixFailure, NixFlake, PackageOutput } from './ports';

export type Attribution = ReadonlyMap<StorePath, readonly string[]>;

/** What was found out: the claims, and what they come to. */
export interface Attributed {
  /** Only of paths of the closure. */
  readonly inputs: Attribution;
  /** Also of paths beyond the closure, for whom another part of the audit is to be put together with this one. */
  readonly claims: readonly InputClaim[];
}

export interface AttributionRequest {
  readonly facts: FlakeFacts;
  readonly flake: NixFlake;
  /** Of the outputs and all that they need. */
  readonly derivations: ReadonlyMap<StorePath, Derivation>;
  /** The closure. */
  readonly paths: Iterable<StorePath>;
  /** Told when Nix says nothing about the packages of an input; the paths of it may stay without. */
  readonly onFailure?: (input: readonly string[], failure: NixFailure) => void;
}

/** An input with what is known to be its own. */
interface Offer {
  /** The nearest path from the root to its node. */
  readonly path: readonly string[];
  readonly input: InputFacts;
  /** It has no inputs, so that all that its packages need is its own. */
  readonly leaf: boolean;
  readonly outputs: readonly PackageOutput[];
}

/** So many names are looked for in each input; a system has fewer packages. */
const MAX_NAMES = 4000;

/**
 * Finds out. Asks Nix for packages of the inputs of flake.nix under the names that the closure suggests, and remembers those that it has.
 * Rejects only when `signal` aborts.
 */
export async function attributeClosure(
  { facts, flake, derivations, paths, onFailure }: AttributionRequest,
  { nix, store, clock }: Pick<BinariesPorts, 'nix' | 'store' | 'clock'>,
  signal: AbortSignal,
): Promise<Attributed> {
  const wanted = new Set<StorePath>();
  const slices = new Slices();
  for (const path of paths) {
    wanted.add(path);
    if (slices.due) await slices.pause();
  }
  const offers = await rememberedOffers(facts, store);
  let claims = claimsOf(offers, derivations, facts);
  let inputs = decideClaims(claims, wanted);
  for (const input of leavesFirst(facts)) {
    const names = openNames(derivations, wanted, inputs);
    if (names.length === 0) break;
    const found = await nix.findPackages(flake, input.path, names, signal);
    if (found.kind === 'failed') {
      onFailure?.(input.path, found);
      continue;
    }
    const used = found.value.outputs.filter(({ path }) => wanted.has(path));
    if (used.length === 0) continue;
    const key = packagesKey(facts, input);
    if (key !== undefined) {
      const known = (await store.get(key)).find(({ system }) => system === found.value.system);
      await store.put(key, joinedPackages({ ...found.value, sampled: true, outputs: used, failed: [], at: clock.now() }, known));
    }
    offers.push(offerOf(facts, input, used));
    claims = claimsOf(offers, derivations, facts);
    inputs = decideClaims(claims, wanted);
  }
  return { inputs, claims };
}

async function rememberedOffers(facts: FlakeFacts, store: BinariesPorts['store']): Promise<Offer[]> {
  const offers: Offer[] = [];
  for (const input of recalledInputs(facts)) {
    const key = packagesKey(facts, input);
    for (const { outputs } of key === undefined ? [] : await store.get(key)) offers.push(offerOf(facts, input, outputs));
  }
  return offers;
}

function offerOf({ lock }: FlakeFacts, input: InputFacts, outputs: readonly PackageOutput[]): Offer {
  const node = lock.state === 'ok' ? lock.lock.nodes.get(input.node) : undefined;
  return { path: input.path, input, leaf: node?.inputs.size === 0, outputs };
}

/** Those with nothing below them show most. One input for each node. */
function leavesFirst(facts: FlakeFacts): readonly InputFacts[] {
  const byNode = new Map(ownFlakes(facts).map((input) => [input.node, input]));
  const rank = (input: InputFacts): number => (offerOf(facts, input, []).leaf ? 0 : 1);
  return [...byNode.values()].sort((a, b) => rank(a) - rank(b) || compareText(a.path.join('/'), b.path.join('/')));
}

/** Attribute names for what is still without an input. */
function openNames(
  derivations: ReadonlyMap<StorePath, Derivation>,
  wanted: ReadonlySet<StorePath>,
  known: Attribution,
): readonly string[] {
  const names = new Set<string>();
  for (const { name, outputs, fixed } of derivations.values()) {
    if (names.size >= MAX_NAMES) break;
    // A download is nobody's package.
    if (fixed !== undefined) continue;
    const open = [...outputs.values()].some(({ path }) => path !== undefined && wanted.has(path) && !known.has(path));
    if (open) for (const candidate of attributeNames(name)) names.add(candidate);
  }
  return [...names].slice(0, MAX_NAMES).sort(compareText);
}

function claimsOf(
  offers: readonly Offer[],
  derivations: ReadonlyMap<StorePath, Derivation>,
  facts: FlakeFacts,
): readonly InputClaim[] {
  const makers = new Map<StorePath, Derivation>();
  for (const derivation of derivations.values()) {
    for (const { path } of derivation.outputs.values()) if (path !== undefined) makers.set(path, derivation);
  }
  const claims = new Map<
    string,
    { readonly input: readonly string[]; readonly kind: ClaimKind; readonly paths: Set<StorePath> }
  >();
  const claim = (input: readonly string[], kind: ClaimKind, path: StorePath): void => {
    const key = JSON.stringify([kind, input]);
    const known = claims.get(key) ?? { input, kind, paths: new Set<StorePath>() };
    claims.set(key, known);
    known.paths.add(path);
  };
  for (const [path, input] of sourcesOf(facts)) claim(input, 'source', path);
  for (const offer of offers) {
    const { storePath } = offer.input;
    for (const { path, position } of offer.outputs) {
      // Those of an earlier audit are not in this one.
      if (!makers.has(path)) continue;
      const defines = storePath !== undefined && position?.startsWith(`${storePath}/`) === true;
      claim(offer.path, defines ? 'defines' : 'offers', path);
    }
    if (offer.leaf) for (const path of neededBy(offer, makers, derivations)) claim(offer.path, 'sole', path);
  }
  return [...claims.values()].map(({ input, kind, paths }) => ({ input, kind, paths: [...paths].sort(compareText) }));
}

/**
 * Everything that is needed to build an input's packages. Equal output paths mean equal derivations, but for how downloads come about: so what a
 * download itself is made with is not followed. Source: Nix, `hashDerivationModulo`.
 */
function neededBy(
  { outputs }: Offer,
  makers: ReadonlyMap<StorePath, Derivation>,
  derivations: ReadonlyMap<StorePath, Derivation>,
): ReadonlySet<StorePath> {
  const needed = new Set<StorePath>();
  const queue = new Set<Derivation>();
  for (const { path } of outputs) {
    const maker = makers.get(path);
    if (maker !== undefined) queue.add(maker);
  }
  // A set yields what is added while it is walked.
  for (const derivation of queue) {
    for (const { path } of derivation.outputs.values()) if (path !== undefined) needed.add(path);
    if (derivation.fixed !== undefined) continue;
    for (const source of derivation.inputSrcs) needed.add(source);
    for (const drvPath of derivation.inputDrvs.keys()) {
      const input = derivations.get(drvPath);
      if (input !== undefined) queue.add(input);
    }
  }
  return needed;
}

/** The sources of inputs themselves; none where two different inputs have the same. */
function sourcesOf({ inputs }: FlakeFacts): [StorePath, readonly string[]][] {
  const byPath = new Map<StorePath, Map<string, readonly string[]>>();
  for (const { storePath, node, path } of [...inputs].sort((a, b) => a.path.length - b.path.length)) {
    if (storePath === undefined) continue;
    const nodes = byPath.get(storePath) ?? new Map<string, readonly string[]>();
    byPath.set(storePath, nodes);
    if (!nodes.has(node)) nodes.set(node, path);
  }
  return [...byPath].flatMap(([storePath, nodes]) => {
    const [only, another] = nodes.values();
    return only === undefined || another !== undefined ? [] : [[storePath, only] as [StorePath, readonly string[]]];
  });
}
