/**
 * Who signed the binaries of an input: the output paths of its packages, found out once by running Nix, and what the caches say of them now.
 * Only the paths are remembered; who vouches for them is worked out anew each time, as keys and caches change.
 */
import { lockedGraphDigest } from '../domain/lockedGraph';
import type { FlakeFacts, InputFacts } from '../domain/flakeFacts';
import type { InputReport, InputsReport } from '../domain/inputsReport';
import { compareText } from '../util/compare';
import { plainText } from '../util/plainText';
import { whyWithheld } from './askCaches';
import type { Walk } from './closure/auditOutputs';
import type { ConfiguredCache } from './trustConfiguration';
import type { BinariesStore, Clock, NixAnswer, NixCli, NixFlake, StoredPackages } from './ports';

export type InputBinaries = NonNullable<InputReport['binaries']>;

/**
 * What is looked at of an input with too many packages, which is nixpkgs: the standard environment, what nearly every closure has in it, and some
 * that take long to build or are often attacked. Those that a version does not have are left out. Documented in docs/cli.md.
 */
export const PACKAGE_SAMPLE: readonly string[] = [
  'stdenv',
  'bash',
  'binutils',
  'busybox',
  'bzip2',
  'cacert',
  'cargo',
  'clang',
  'cmake',
  'coreutils',
  'curl',
  'diffutils',
  'file',
  'findutils',
  'firefox',
  'gawk',
  'gcc',
  'git',
  'glibc',
  'gnugrep',
  'gnumake',
  'gnupg',
  'gnused',
  'gnutar',
  'go',
  'gzip',
  'jq',
  'linux',
  'llvm',
  'ncurses',
  'nginx',
  'nix',
  'nodejs',
  'openssh',
  'openssl',
  'patch',
  'perl',
  'pkg-config',
  'postgresql',
  'python3',
  'rustc',
  'sqlite',
  'sudo',
  'systemd',
  'vim',
  'xz',
  'zlib',
  'zstd',
];

export interface BinariesPorts {
  readonly nix: NixCli;
  readonly walk: Walk;
  readonly store: BinariesStore;
  readonly clock: Clock;
}

/** Tells under which key the packages of an input are remembered; none where its sources are not all locked. */
export function packagesKey({ lock }: FlakeFacts, { resolution }: InputFacts): string | undefined {
  return lock.state === 'ok' && resolution.kind === 'node' ? lockedGraphDigest(lock.lock, resolution.key) : undefined;
}

/** The inputs of flake.nix itself that are flakes, and so have packages. */
export function ownFlakes({ inputs }: FlakeFacts): readonly InputFacts[] {
  return inputs.filter(({ path: names, flake, type }) => names.length === 1 && flake && type !== 'self');
}

/** So many inputs are looked for among those that were checked earlier; those of flake.nix itself come first. */
const MAX_RECALLED = 200;

/** One input for each node of the lock that may have packages, the nearest to the root first. */
export function recalledInputs({ inputs }: FlakeFacts): readonly InputFacts[] {
  const byNode = new Map<string, InputFacts>();
  for (const input of [...inputs].sort((a, b) => a.path.length - b.path.length))
    if (input.flake && input.resolution.kind === 'node' && !byNode.has(input.node)) byNode.set(input.node, input);
  return [...byNode.values()].slice(0, MAX_RECALLED);
}

/** Runs Nix to find the packages of one input, remembers them, and asks the caches. Fails as Nix does; rejects only when `signal` aborts. */
export async function checkBinaries(
  facts: FlakeFacts,
  input: InputFacts,
  flake: NixFlake,
  { nix, walk, store, clock }: BinariesPorts,
  signal: AbortSignal,
): Promise<NixAnswer<InputBinaries>> {
  const found = await nix.inputPackages(flake, input.path, PACKAGE_SAMPLE, signal);
  if (found.kind === 'failed') return found;
  const key = packagesKey(facts, input);
  const known = key === undefined ? [] : await store.get(key);
  const packages = joinedPackages(
    { ...found.value, at: clock.now() },
    known.find(({ system }) => system === found.value.system),
  );
  if (key !== undefined) await store.put(key, packages);
  return { kind: 'ok', value: await lookUp(packages, input, walk, signal) };
}

/**
 * Adds to the packages that were found those that are known from earlier, where not all were looked at: for example those that the outputs of the
 * flake use. The same sources evaluate to the same.
 */
export function joinedPackages(found: StoredPackages, known: StoredPackages | undefined): StoredPackages {
  if (known === undefined || !found.sampled) return found;
  const all = new Map([...known.outputs, ...found.outputs].map((output) => [`${output.attribute} ${output.output}`, output]));
  const outputs = [...all.values()].sort((a, b) => compareText(a.attribute, b.attribute) || compareText(a.output, b.output));
  return { ...found, sampled: known.sampled, failed: known.sampled ? found.failed : known.failed, outputs };
}

/** Says what is known of an input's binaries without running Nix; `walk` decides whether caches are asked. The newest check counts. */
export async function knownBinaries(
  facts: FlakeFacts,
  input: InputFacts,
  { walk, store }: Pick<BinariesPorts, 'walk' | 'store'>,
  signal: AbortSignal,
): Promise<InputBinaries | undefined> {
  const key = packagesKey(facts, input);
  const [newest] = key === undefined ? [] : newestFirst(await store.get(key));
  return newest === undefined ? undefined : lookUp(newest, input, walk, signal);
}

/**
 * Says what earlier checks found out about the inputs of a flake, by the path of the input joined by slashes. `openWalk` is called
 * only where there is something to look up.
 */
export async function knownBinariesOf(
  facts: FlakeFacts,
  store: BinariesStore,
  openWalk: () => Promise<Walk>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, InputBinaries>> {
  const stored: InputFacts[] = [];
  for (const input of recalledInputs(facts)) {
    const key = packagesKey(facts, input);
    if (key !== undefined && (await store.get(key)).length > 0) stored.push(input);
  }
  const found = new Map<string, InputBinaries>();
  if (stored.length === 0) return found;
  const walk = await openWalk();
  for (const input of stored) {
    const known = await knownBinaries(facts, input, { walk, store }, signal);
    if (known !== undefined) found.set(input.path.join('/'), known);
  }
  return found;
}

/** Puts binaries into a report, by the path of the input joined by slashes. Inputs that share a node share them. */
export function withBinaries<Report extends InputsReport>(report: Report, binaries: ReadonlyMap<string, InputBinaries>): Report {
  const byNode = new Map<string, InputBinaries>();
  for (const { path, node } of report.inputs) {
    const found = binaries.get(path.join('/'));
    if (found !== undefined) byNode.set(node, found);
  }
  return {
    ...report,
    inputs: report.inputs.map((input) => {
      const found = byNode.get(input.node);
      return found === undefined ? input : { ...input, binaries: found };
    }),
  };
}

function newestFirst(known: readonly StoredPackages[]): readonly StoredPackages[] {
  return [...known].sort((a, b) => b.at - a.at || compareText(a.system, b.system));
}

/**
 * Counts outputs, each path once: packages are often the same under two names. Of a private input only private caches are asked: what is built
 * from it tells of it as much as its source does.
 */
async function lookUp(
  { system, sampled, outputs, at }: StoredPackages,
  input: InputFacts,
  walk: Walk,
  signal: AbortSignal,
): Promise<InputBinaries> {
  const roots = [...new Set(outputs.map(({ path }) => path))];
  let found = 0;
  let verified = 0;
  let unknown = 0;
  const keyNames = new Set<string>();
  const caches = new Set<string>();
  const notAsked = new Set<string>();
  const withheld = (cache: ConfiguredCache): string | undefined => {
    const reason = whyWithheld(cache, input);
    if (reason !== undefined && cache.ask) notAsked.add(cache.substituter.url);
    return reason;
  };
  if (roots.length > 0) {
    // No more paths than roots: who signed the packages is asked, not who signed what they need.
    const closure = await walk({ roots, maxPaths: roots.length, withheld }, signal);
    signal.throwIfAborted();
    for (const { verdict, shown, keyNames: names, from } of closure.entries()) {
      if (shown !== undefined) found++;
      if (verdict === 'verified') verified++;
      if (verdict === 'unknown') unknown++;
      for (const name of names) keyNames.add(name);
      if (from !== undefined) caches.add(from.url);
    }
  }
  return {
    system,
    outputs: roots.length,
    found,
    verified,
    ...(unknown === 0 ? {} : { unknown }),
    ...(sampled ? { sampled } : {}),
    keyNames: [...keyNames].sort(compareText),
    caches: [...caches].sort(compareText),
    ...(notAsked.size === 0
      ? {}
      : { notAsked: { reason: plainText(input.privateReason ?? '', 200), caches: [...notAsked].sort(compareText) } }),
    checkedAt: new Date(at).toISOString(),
  };
}
