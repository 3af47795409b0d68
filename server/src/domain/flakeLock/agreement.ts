/**
 * Does `locked` name what `original` asks for? Nix never compares the two: a pull request can keep `original` as
 * `github:NixOS/nixpkgs` and lock a stranger's repository with the hash of that, and every Nix builds it without a word.
 *
 * All attributes that say which source is meant, or how it is to be fetched, must agree. What fetching adds by itself (rev, hash,
 * dates) is free unless `original` pins it. What a registry resolves is free but for its pins.
 */
import { FORGE_HOSTS, isRev, stringAttr, type AttrValue, type FlakeAttrs } from '../flakeRef/attrs';
import { gitUrl } from '../flakeRef/identity';
import { printFlakeRef } from '../flakeRef/print';
import { parseNixUrl, printNixUrl, type NixUrl } from '../flakeRef/url';
import { parseLockNarHash } from '../hash';
import { immutableLinkMismatch } from './immutableLink';

/** One thing in which `locked` is not what `original` asks for. Values are made for people: without secrets. */
export interface Mismatch {
  readonly field: string;
  readonly original: string;
  readonly locked: string;
  /** Something legitimate that cannot be seen from here may explain it. */
  readonly explicable?: true;
}

/** Lists the disagreements; none means that `locked` is a plausible outcome of fetching `original`. */
export function lockMismatches(original: FlakeAttrs, locked: FlakeAttrs): readonly Mismatch[] {
  const asked = typeOf(original);
  const got = typeOf(locked);
  const pins = pinMismatches(original, locked);
  if (asked === 'indirect') return pins;
  if (asked !== got) {
    const references = { original: printFlakeRef(original), locked: printFlakeRef(locked) };
    return [{ field: 'type', original: `${asked} ${references.original}`, locked: `${got} ${references.locked}` }, ...pins];
  }
  return [...sourceMismatches(asked, original, locked), ...pins];
}

function sourceMismatches(type: string, original: FlakeAttrs, locked: FlakeAttrs): readonly Mismatch[] {
  const dir = mismatchOf('dir', normalDir(original), normalDir(locked));
  if (FORGE_HOSTS.has(type)) return [...forgeMismatches(type, original, locked), ...dir];
  switch (type) {
    case 'git':
    case 'hg':
      return [...repositoryMismatches(type, original, locked), ...dir];
    case 'tarball':
    case 'file':
      return [
        ...downloadMismatches(original, locked),
        ...mismatchOf('name', text(original, 'name'), text(locked, 'name')),
        ...dir,
      ];
    case 'path':
      return [...mismatchOf('path', normalPath(original), normalPath(locked)), ...dir];
    default:
      return otherMismatches(original, locked);
  }
}

function forgeMismatches(type: string, original: FlakeAttrs, locked: FlakeAttrs): readonly Mismatch[] {
  const host = (attrs: FlakeAttrs): string => (stringAttr(attrs, 'host') ?? FORGE_HOSTS.get(type) ?? '').toLowerCase();
  // GitHub and GitLab ignore case in names and redirect to the right one.
  const ignoresCase = type !== 'sourcehut';
  return [
    ...mismatchOf('host', host(original), host(locked)),
    ...mismatchOf('owner', text(original, 'owner'), text(locked, 'owner'), ignoresCase),
    ...mismatchOf('repo', text(original, 'repo'), text(locked, 'repo'), ignoresCase),
  ];
}

/** Attributes that change what is fetched or whether it is verified; those that only change how fast are left out. */
const STRICT_FLAGS = ['exportIgnore', 'verifyCommit'];
const KEY_ATTRIBUTES = ['name', 'keytype', 'publicKey', 'publicKeys'];

/**
 * An input's own flake.nix may ask for these about itself (`inputs.self.submodules = true`, Nix 2.27); then only `locked` has
 * them.
 */
const SELF_FLAGS = ['submodules', 'lfs'];

function repositoryMismatches(type: string, originalAttrs: FlakeAttrs, lockedAttrs: FlakeAttrs): readonly Mismatch[] {
  const original = withUrlParameters(type, originalAttrs);
  const locked = withUrlParameters(type, lockedAttrs);
  const mismatches: Mismatch[] = [];
  if (canonicalUrl(type, original) !== canonicalUrl(type, locked)) mismatches.push(urlMismatch(originalAttrs, lockedAttrs));
  for (const name of STRICT_FLAGS) mismatches.push(...mismatchOf(name, flag(original, name), flag(locked, name)));
  for (const name of SELF_FLAGS) {
    const found = mismatchOf(name, flag(original, name), flag(locked, name));
    mismatches.push(...found.map((each) => (original.has(name) ? each : { ...each, explicable: true as const })));
  }
  for (const name of KEY_ATTRIBUTES) mismatches.push(...mismatchOf(name, text(original, name), text(locked, name)));
  return mismatches;
}

function downloadMismatches(original: FlakeAttrs, locked: FlakeAttrs): readonly Mismatch[] {
  const asked = parseNixUrl(text(original, 'url'));
  const got = parseNixUrl(text(locked, 'url'));
  if (asked === undefined || got === undefined) {
    return text(original, 'url') === text(locked, 'url') ? [] : [urlMismatch(original, locked)];
  }
  if (printNixUrl(withoutNixParameters(asked)) === printNixUrl(withoutNixParameters(got))) return [];
  const mismatch = immutableLinkMismatch(asked, got, stringAttr(locked, 'rev'));
  if (mismatch === undefined) return [];
  return [mismatch.field === 'url' ? urlMismatch(original, locked) : mismatch];
}

/** Of a type that no Nix known here has: all must be equal but what fetching adds. */
function otherMismatches(original: FlakeAttrs, locked: FlakeAttrs): readonly Mismatch[] {
  const added = new Set(['rev', 'ref', 'narHash', 'lastModified', 'revCount', 'treeHash']);
  const names = new Set([...original.keys(), ...locked.keys()].filter((name) => !added.has(name)));
  return [...names].flatMap((name) => mismatchOf(name, String(original.get(name) ?? ''), String(locked.get(name) ?? '')));
}

/** What `original` pins must be what is locked: a commit, a hash, and of a git repository the branch. */
function pinMismatches(original: FlakeAttrs, locked: FlakeAttrs): readonly Mismatch[] {
  const mismatches: Mismatch[] = [];
  const rev = stringAttr(original, 'rev');
  // Mercurial takes names of branches as `rev`.
  if (rev !== undefined && isRev(rev))
    mismatches.push(...mismatchOf('rev', rev.toLowerCase(), text(locked, 'rev').toLowerCase()));
  const narHash = stringAttr(original, 'narHash');
  if (narHash !== undefined) mismatches.push(...mismatchOf('narHash', normalHash(narHash), normalHash(text(locked, 'narHash'))));
  const ref = stringAttr(original, 'ref');
  const lockedRef = stringAttr(locked, 'ref');
  // Nix 2.8 writes `main` where later versions write `refs/heads/main`; a forge's lock has none, since the rev says more.
  if (ref !== undefined && lockedRef !== undefined) mismatches.push(...mismatchOf('ref', shortRef(ref), shortRef(lockedRef)));
  return mismatches;
}

function mismatchOf(field: string, original: string, locked: string, ignoreCase = false): readonly Mismatch[] {
  const equal = ignoreCase ? original.toLowerCase() === locked.toLowerCase() : original === locked;
  return equal ? [] : [{ field, original, locked }];
}

/** Prints both without secrets; where that makes them equal, says so. */
function urlMismatch(original: FlakeAttrs, locked: FlakeAttrs): Mismatch {
  const plain = (attrs: FlakeAttrs): string =>
    printFlakeRef(new Map([...attrs].filter(([name]) => name === 'type' || name === 'url')));
  const [asked, got] = [plain(original), plain(locked)];
  return { field: 'url', original: asked, locked: asked === got ? `${got} as another user or with other parameters` : got };
}

/** Old locks keep in the URL what is an attribute today; an attribute wins. */
function withUrlParameters(type: string, attrs: FlakeAttrs): FlakeAttrs {
  const url = repositoryUrl(type, attrs);
  if (url === undefined || url.query.size === 0) return attrs;
  const merged = new Map(attrs);
  for (const name of [...STRICT_FLAGS, ...SELF_FLAGS]) {
    const value = url.query.get(name);
    if (value !== undefined && !merged.has(name)) merged.set(name, value === '1');
  }
  return merged;
}

const REPOSITORY_PARAMETERS = new Set([
  'dir',
  'ref',
  'rev',
  'shallow',
  'allRefs',
  'narHash',
  ...STRICT_FLAGS,
  ...SELF_FLAGS,
  ...KEY_ATTRIBUTES,
]);

function canonicalUrl(type: string, attrs: FlakeAttrs): string {
  const url = repositoryUrl(type, attrs);
  if (url === undefined) return text(attrs, 'url');
  const query = new Map([...url.query].filter(([name]) => !REPOSITORY_PARAMETERS.has(name)));
  return printNixUrl({ ...url, query });
}

function repositoryUrl(type: string, attrs: FlakeAttrs): NixUrl | undefined {
  return parseNixUrl(type === 'git' ? gitUrl(text(attrs, 'url')) : text(attrs, 'url'));
}

/** Parameters for Nix itself; some versions leave them in the URL that they lock. */
function withoutNixParameters(url: NixUrl): NixUrl {
  const own = new Set(['narHash', 'rev', 'revCount', 'lastModified', 'dir']);
  return { ...url, query: new Map([...url.query].filter(([name]) => !own.has(name))) };
}

function typeOf(attrs: FlakeAttrs): string {
  return stringAttr(attrs, 'type') ?? '';
}

function text(attrs: FlakeAttrs, name: string): string {
  const value: AttrValue | undefined = attrs.get(name);
  return value === undefined ? '' : String(value);
}

function flag(attrs: FlakeAttrs, name: string): string {
  return String(attrs.get(name) === true);
}

/** `dir` as attribute, else as the old parameter of the URL. */
function normalDir(attrs: FlakeAttrs): string {
  const dir = attrs.get('dir') ?? parseNixUrl(text(attrs, 'url'))?.query.get('dir') ?? '';
  return trimPath(String(dir));
}

function normalPath(attrs: FlakeAttrs): string {
  const path = text(attrs, 'path');
  return path.startsWith('/') ? `/${trimPath(path)}` : trimPath(path);
}

function trimPath(path: string): string {
  return path
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}

function normalHash(hash: string): string {
  const parsed = parseLockNarHash(hash);
  return parsed.ok ? parsed.value : hash;
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, '');
}
