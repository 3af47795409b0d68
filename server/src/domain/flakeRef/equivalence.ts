/**
 * When are two references the same question? Nix compares attribute sets after parsing (`FlakeRef::canonicalize`); whether a lock
 * is out of date hangs on it. Spellings that only some Nix versions tell apart count as equal here, so that no alarm is raised
 * where the user's Nix would be content.
 */
import { stringAttr, type AttrValue, type FlakeAttrs } from './attrs';
import { gitUrl } from './identity';
import { parseNixUrl, printNixUrl } from './url';

/** Tells whether two references ask for the same. */
export function sameReference(a: FlakeAttrs, b: FlakeAttrs): boolean {
  const [one, other] = [canonicalAttrs(a), canonicalAttrs(b)];
  if (isRepositoryOfPath(one, other) || isRepositoryOfPath(other, one)) return true;
  if (one.size !== other.size) return false;
  for (const [name, value] of one) if (other.get(name) !== value) return false;
  return true;
}

/** What stands in a URL's query in some versions and as an attribute in others. */
const FLAGS: ReadonlySet<string> = new Set(['shallow', 'submodules', 'lfs', 'exportIgnore', 'allRefs', 'verifyCommit']);
const TEXTS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['git', new Set(['dir', 'rev', 'ref', 'keytype', 'publicKey', 'publicKeys'])],
  ['hg', new Set(['dir', 'rev', 'ref'])],
  ['tarball', new Set(['dir', 'rev', 'narHash'])],
  ['file', new Set(['dir', 'rev', 'narHash'])],
]);
const COUNTS: ReadonlySet<string> = new Set(['revCount', 'lastModified']);

function canonicalAttrs(attrs: FlakeAttrs): ReadonlyMap<string, AttrValue> {
  const canonical = new Map(attrs);
  const type = stringAttr(attrs, 'type') ?? '';
  liftUrlParameters(type, canonical);
  const path = stringAttr(canonical, 'path');
  if (type === 'path' && path !== undefined) canonical.set('path', canonicalPath(path));
  const rev = stringAttr(canonical, 'rev');
  if (rev !== undefined) canonical.set('rev', rev.toLowerCase());
  if (canonical.get('dir') === '') canonical.delete('dir');
  return canonical;
}

/** Takes known parameters out of the URL, attributes winning over them, and brings the rest into one spelling. */
function liftUrlParameters(type: string, attrs: Map<string, AttrValue>): void {
  const texts = TEXTS.get(type);
  const text = stringAttr(attrs, 'url');
  if (texts === undefined || text === undefined) return;
  const url = parseNixUrl(type === 'git' ? gitUrl(text) : text);
  if (url === undefined) return;
  const query = new Map(url.query);
  for (const [name, value] of url.query) {
    const lifted = liftedValue(type, texts, name, value);
    if (lifted === undefined) continue;
    query.delete(name);
    if (!attrs.has(name)) attrs.set(name, lifted);
  }
  attrs.set('url', printNixUrl({ ...url, query }));
}

function liftedValue(type: string, texts: ReadonlySet<string>, name: string, value: string): AttrValue | undefined {
  if (texts.has(name)) return value;
  if (type === 'git' && FLAGS.has(name)) return value === '1';
  return (type === 'tarball' || type === 'file') && COUNTS.has(name) && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** `./sub` and, as Nix 2.26 records a path literal, `sub`. */
function canonicalPath(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return `${path.startsWith('/') ? '/' : ''}${segments.join('/')}`;
}

/** Nix 2.8 makes `git+file:///x` of a bare `/x` that is a repository; later versions keep the path. */
function isRepositoryOfPath(path: FlakeAttrs, repository: FlakeAttrs): boolean {
  if (path.get('type') !== 'path' || repository.get('type') !== 'git') return false;
  const url = parseNixUrl(stringAttr(repository, 'url') ?? '');
  if (url?.scheme !== 'file' || stringAttr(path, 'path')?.startsWith('/') !== true) return false;
  return canonicalPath(url.path.join('/')) === path.get('path') && repository.get('dir') === path.get('dir');
}
