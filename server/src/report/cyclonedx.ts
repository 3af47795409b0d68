/**
 * What was audited as a bill of materials: CycloneDX 1.6, JSON. The printer is our own, since the official library needs all components in
 * memory at once: for 50,000 of them 280 MB and 11 seconds, where a whole audit may take 200 MB. Its schema checks ours in the tests.
 *
 * `hashes` of a store path or an input is the SHA-256 of its NAR, the archive that stands for it in every cache (`nix hash path` prints
 * the same), not of a file inside; that of a download is of the file itself, and left out where Nix hashes the unpacked tree. There is no serial
 * number and no time: the same facts give the same bytes.
 */
import type { ClosurePath } from '../domain/closureReport';
import { parseDrvName } from '../domain/drvName';
import type { FixedSource } from '../domain/fixedSources';
import { parseHash } from '../domain/hash';
import type { InputReport, InputsReport } from '../domain/inputsReport';
import { compareText } from '../util/compare';
import { gathered } from '../util/gathered';
import { plainText } from '../util/plainText';
import type { FinishedAudit, FinishedClosure } from './finishedAudit';
import { jsonText } from './json';

/** Prints the bill, piece by piece. */
export function cyclonedxReport(audit: FinishedAudit): Generator<string> {
  return gathered(document(audit));
}

interface Component {
  readonly type: 'application' | 'library' | 'file';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly purl?: string;
  readonly externalReferences?: readonly ExternalReference[];
  readonly properties?: readonly Property[];
}

interface ExternalReference {
  readonly type: 'vcs' | 'source-distribution';
  readonly url: string;
}

interface Property {
  readonly name: string;
  readonly value: string;
}

/** Stands for what was audited: the flake, or all roots together. No store path can be called that. */
const SUBJECT = 'flake-trust:subject';

function* document({ report, closure }: FinishedAudit): Generator<string> {
  const frame = jsonText({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      tools: { components: [{ type: 'application', name: report.tool.name, version: report.tool.version }] },
      component: subject(report, closure),
    },
  });
  yield frame.slice(0, -'\n}'.length);
  const inputs = lockedInputs(report);
  yield* list('components', components(inputs, closure));
  yield* list('dependencies', dependencies(report, inputs, closure));
  if (closure !== undefined) yield* list('compositions', [composition(closure)]);
  yield '\n}\n';
}

/** One more field of the document: a list whose elements are printed one by one. */
function* list(name: string, elements: Iterable<object>): Generator<string> {
  yield `,\n  "${name}": [`;
  let first = true;
  for (const element of elements) {
    yield `${first ? '' : ','}\n    ${jsonText(element).replaceAll('\n', '\n    ')}`;
    first = false;
  }
  yield first ? ']' : '\n  ]';
}

function subject({ flake, lock }: InputsReport, closure: FinishedClosure | undefined): Component {
  const [root] = closure?.summary.roots ?? [];
  const name = flake !== undefined ? baseName(flake) : root === undefined ? '' : parseDrvName(storeName(root)).name;
  return {
    type: 'application',
    'bom-ref': SUBJECT,
    name: name === '' ? 'flake' : name,
    ...withProperties(
      property('kind', flake === undefined ? 'closure' : 'flake'),
      flake === undefined ? undefined : property('lock', lock.state),
    ),
  };
}

function* components(inputs: readonly InputReport[], closure: FinishedClosure | undefined): Generator<Component> {
  for (const input of inputs) yield inputComponent(input);
  for (const path of closure?.paths() ?? []) yield pathComponent(path);
  for (const source of closure?.summary.sources?.list ?? []) yield sourceComponent(source);
}

/** Each node of the lock once, under the shortest way to it; what follows another is that other. */
function lockedInputs({ inputs }: InputsReport): readonly InputReport[] {
  const byRef = new Map<string, InputReport>();
  for (const input of inputs) {
    if (input.follows !== undefined && input.node === '') continue; // the flake itself
    const known = byRef.get(inputRef(input));
    if (known === undefined || (known.follows !== undefined && input.follows === undefined)) byRef.set(inputRef(input), input);
  }
  return [...byRef].sort(([a], [b]) => compareText(a, b)).map(([, input]) => input);
}

function inputRef({ node, path }: InputReport): string {
  return `flake-trust:input:${node === '' ? `not-locked/${path.join('/')}` : node}`;
}

function inputComponent(input: InputReport): Component {
  const { path, type, reference, rev, lastModified, narHash, storePath, signer, vetting, answers, binaries } = input;
  const purl = packageUrl(input);
  const url = sourceUrl(reference);
  return {
    type: 'library',
    'bom-ref': inputRef(input),
    name: path.join('/'),
    ...(rev === undefined ? {} : { version: rev }),
    ...narHashes(narHash),
    ...(purl === undefined ? {} : { purl }),
    ...(url === undefined ? {} : { externalReferences: [url] }),
    ...withProperties(
      property('kind', 'input'),
      property('input-type', type),
      property('reference', reference),
      property('last-modified', lastModified),
      property('nar-hash', narHash),
      property('store-path', storePath),
      property('verdict', signer.verdict),
      ...signer.keyNames.map((name) => property('signer', name)),
      ...answers.flatMap(({ url: cache, answer }) => (answer === 'found' ? [property('cache', cache)] : [])),
      property('vetting', vetting.state),
      ...(binaries === undefined
        ? []
        : [
            property('binaries-verified', `${binaries.verified} of ${binaries.outputs} for ${binaries.system}`),
            ...binaries.keyNames.map((name) => property('binaries-signer', name)),
          ]),
    ),
  };
}

function pathComponent(path: ClosurePath): Component {
  const { storePath, verdict, keyNames, from, narHash, narSize, input, built, local, agreement } = path;
  const { name, version } = parseDrvName(storeName(storePath));
  return {
    type: 'library',
    'bom-ref': storePath,
    name: name === '' ? storeName(storePath) : name,
    ...(version === '' ? {} : { version }),
    ...narHashes(narHash),
    ...withProperties(
      property('kind', 'store-path'),
      property('verdict', verdict),
      ...keyNames.map((key) => property('signer', key)),
      property('cache', from),
      property('nar-hash', narHash),
      property('nar-size', narSize),
      property('input', input?.join('/')),
      property('built', built),
      property('agreement', agreement),
      property('local-verdict', local?.verdict),
      property('local-nar-hash', local?.narHash),
      ...(local?.keyNames ?? []).map((key) => property('local-signer', key)),
    ),
  };
}

function sourceComponent({ drvPath, name, storePath, hash, method, urls, rev, issues }: FixedSource): Component {
  const parsed = parseDrvName(name);
  const references = urls.flatMap(({ url }): ExternalReference[] =>
    URL.canParse(url) ? [{ type: 'source-distribution', url: iri(url) }] : [],
  );
  return {
    type: 'file',
    'bom-ref': drvPath,
    name: parsed.name === '' ? name : parsed.name,
    ...(parsed.version === '' ? {} : { version: parsed.version }),
    ...(method === 'flat' ? fileHashes(hash) : {}),
    ...(references.length === 0 ? {} : { externalReferences: references }),
    ...withProperties(
      property('kind', 'download'),
      property('hash', hash),
      property('hash-method', method),
      property('store-path', storePath),
      property('revision', rev),
      ...issues.map((issue) => property('issue', issue)),
    ),
  };
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
}

function* dependencies(
  report: InputsReport,
  inputs: readonly InputReport[],
  closure: FinishedClosure | undefined,
): Generator<Dependency> {
  const known = new Set<string>();
  for (const { storePath } of closure?.paths() ?? []) known.add(storePath);
  const children = inputChildren(report, new Set(inputs.map(inputRef)));
  const roots = (closure?.summary.roots ?? []).filter((root) => known.has(root));
  yield dependency(SUBJECT, [...roots, ...(children.get(SUBJECT) ?? [])]);
  for (const input of inputs) yield dependency(inputRef(input), [...(children.get(inputRef(input)) ?? [])]);
  for (const { storePath, references } of closure?.paths() ?? []) {
    yield dependency(
      storePath,
      references.filter((reference) => reference !== storePath && known.has(reference)),
    );
  }
}

function dependency(ref: string, on: readonly string[]): Dependency {
  return { ref, ...(on.length === 0 ? {} : { dependsOn: [...new Set(on)].sort(compareText) }) };
}

/** The inputs of each node, and of the flake itself. */
function inputChildren({ inputs }: InputsReport, known: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const refs = new Map(inputs.map((input) => [input.path.join('\n'), inputRef(input)]));
  const children = new Map<string, Set<string>>();
  for (const input of inputs) {
    const parent = input.path.length === 1 ? SUBJECT : refs.get(input.path.slice(0, -1).join('\n'));
    const child = inputRef(input);
    if (parent === undefined || parent === child || !known.has(child)) continue;
    const set = children.get(parent);
    if (set === undefined) children.set(parent, new Set([child]));
    else set.add(child);
  }
  return children;
}

/** Says whether the bill names everything that the roots need; "not known" is not "complete". */
function composition({ summary: { stopped, totals } }: FinishedClosure): object {
  const missing = (totals.byVerdict.absent ?? 0) + (totals.byVerdict.unknown ?? 0);
  return { aggregate: stopped === undefined && missing === 0 ? 'complete' : 'incomplete', dependencies: [SUBJECT] };
}

/** Package URLs exist for what is on GitHub, and say something only with a revision. There is no type for Nix. */
function packageUrl({ type, reference, rev }: InputReport): string | undefined {
  const [, owner, repo] = /^github:([\w.-]+)\/([\w.-]+)(?:\/[^?]*)?$/.exec(reference) ?? [];
  if (type !== 'github' || owner === undefined || repo === undefined || rev === undefined) return undefined;
  return /^[0-9a-f]{40}$/.test(rev) ? `pkg:github/${owner.toLowerCase()}/${repo.toLowerCase()}@${rev}` : undefined;
}

const FORGES: Readonly<Record<string, string>> = { github: 'github.com', gitlab: 'gitlab.com', sourcehut: 'git.sr.ht' };

/** Where an input comes from, where that is an address; a path on this machine is none. */
function sourceUrl(reference: string): ExternalReference | undefined {
  const [, forge = '', owner, repo] = /^(github|gitlab|sourcehut):([\w.~%-]+)\/([\w.%-]+)(?:\/[^?]*)?$/.exec(reference) ?? [];
  const host = FORGES[forge];
  if (host !== undefined && owner !== undefined && repo !== undefined) {
    return { type: 'vcs', url: `https://${host}/${decoded(owner)}/${repo}` };
  }
  const [, kind, address] = /^(git|hg|tarball|file)\+((?:https?|ssh):\/\/.+)$/.exec(reference) ?? [];
  if (address !== undefined) return externalUrl(kind === 'git' || kind === 'hg' ? 'vcs' : 'source-distribution', address);
  return /^https?:\/\//.test(reference) ? externalUrl('source-distribution', reference) : undefined;
}

function externalUrl(type: ExternalReference['type'], url: string): ExternalReference | undefined {
  return URL.canParse(url) ? { type, url: iri(url) } : undefined;
}

/** GitLab writes subgroups as `group%2Fsub`. */
function decoded(owner: string): string {
  return owner.replace(/%2f/gi, '/');
}

function iri(url: string): string {
  return new URL(url).href;
}

function narHashes(narHash: string | undefined): Pick<Component, 'hashes'> {
  return narHash === undefined ? {} : fileHashes(narHash);
}

const ALGORITHMS = { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const;

function fileHashes(sri: string): Pick<Component, 'hashes'> {
  const parsed = parseHash(sri);
  if (!parsed.ok) return {};
  return { hashes: [{ alg: ALGORITHMS[parsed.value.algorithm], content: parsed.value.bytes.toString('hex') }] };
}

function property(name: string, value: string | number | undefined): Property | undefined {
  return value === undefined ? undefined : { name: `flake-trust:${name}`, value: plainText(String(value), 2000) };
}

function withProperties(...properties: readonly (Property | undefined)[]): Pick<Component, 'properties'> {
  return { properties: properties.filter((one) => one !== undefined) };
}

/** `<name>` of `/nix/store/<hash>-<name>`. */
function storeName(storePath: string): string {
  return baseName(storePath).slice(33);
}

function baseName(path: string): string {
  return path.replace(/\/+$/, '').slice(path.replace(/\/+$/, '').lastIndexOf('/') + 1);
}
