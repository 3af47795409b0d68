/**
 * The text of a flake reference -> attributes. Follows `parseFlakeRef` of Nix 2.34 (libflake/flakeref.cc and `inputFromURL` of
 * each scheme in libfetchers). Where Nix takes a URL that it cannot read for a file name, this says what is wrong instead.
 */
import { err, ok, type Result } from '../result';
import type { AttrValue, FlakeAttrs } from './attrs';
import { FORGE_HOSTS } from './attrs';
import { parseNixUrl, parseQuery, percentDecode, printNixUrl, type NixUrl } from './url';

/** Why a text is no flake reference. */
export type FlakeRefError =
  | { readonly kind: 'empty' }
  /** Longer than any reference; nothing was looked at. */
  | { readonly kind: 'too-long' }
  | { readonly kind: 'unsupported-scheme'; readonly scheme: string }
  | { readonly kind: 'fragment' }
  | { readonly kind: 'malformed'; /** What is wrong, as a clause. */ readonly reason: string };

/** Says what is wrong with a reference, to follow a subject: "The reference …". Never repeats the text: it may hold a credential. */
export function describeFlakeRefError(error: FlakeRefError): string {
  switch (error.kind) {
    case 'empty':
      return 'is empty';
    case 'too-long':
      return 'is too long';
    case 'unsupported-scheme':
      return `has the scheme "${error.scheme}", which Nix does not know`;
    case 'fragment':
      return 'has a fragment (#…), which an input must not have';
    case 'malformed':
      return error.reason;
  }
}

const MAX_LENGTH = 16_384;
const FLAKE_ID = '[a-zA-Z][a-zA-Z0-9_-]*';
const REF = /^[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*$/;
const REV40 = /^[0-9a-fA-F]{40}$/;
const FLAKE_ID_FORM = new RegExp(`^${FLAKE_ID}(?:/[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*)?$`);
const HOST = /^[a-zA-Z0-9.-]*$/;
const TARBALL_EXTENSION = /\.(?:zip|tar|tgz|tar\.gz|tar\.xz|tar\.bz2|tar\.zst)$/;

/**
 * Parses a reference as it stands in flake.nix; relative paths stay relative.
 *
 * @param options.flake `false` for an input with `flake = false`: then an http(s) or file URL without archive suffix is a `file`.
 */
export function parseFlakeRef(text: string, options: { readonly flake?: boolean } = {}): Result<FlakeAttrs, FlakeRefError> {
  if (text === '') return err({ kind: 'empty' });
  if (text.length > MAX_LENGTH) return err({ kind: 'too-long' });
  const withoutFragment = text.replace(/#[^]*$/, '');
  if (FLAKE_ID_FORM.test(withoutFragment)) {
    return withoutFragment === text ? indirect(text.split('/')) : err({ kind: 'fragment' });
  }
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return barePath(text);
  const url = parseNixUrl(text);
  if (url === undefined) return malformed('is not a valid URL');
  if (url.fragment !== '') return err({ kind: 'fragment' });
  const dir = url.query.get('dir') ?? '';
  const attrs = fromUrl({ ...url, query: without(url.query, ['dir']) }, options.flake !== false);
  return attrs.ok && dir !== '' ? ok(new Map([...attrs.value, ['dir', dir]])) : attrs;
}

function fromUrl(url: NixUrl, isFlake: boolean): Result<FlakeAttrs, FlakeRefError> {
  const { scheme } = url;
  if (scheme === 'flake') return indirect(url.path.filter((segment) => segment !== ''));
  if (scheme === 'path') return pathUrl(url);
  if (FORGE_HOSTS.has(scheme)) return forge(url);
  if (/^git(?:\+(?:https?|ssh|git|file))?$/.test(scheme)) return git(url);
  if (/^hg\+(?:https?|ssh|file)$/.test(scheme)) return mercurial(url);
  const curl = /^(?:(tarball|file)\+)?(https?|file)$/.exec(scheme);
  if (curl === null) return err({ kind: 'unsupported-scheme', scheme });
  const [, asked, transport = scheme] = curl;
  const type = asked ?? (isFlake || TARBALL_EXTENSION.test(url.path.at(-1) ?? '') ? 'tarball' : 'file');
  return download({ ...url, scheme: transport }, type);
}

/** `nixpkgs`, `nixpkgs/nixos-unstable`, `nixpkgs/REV`, `nixpkgs/nixos-unstable/REV`. */
function indirect(segments: readonly string[]): Result<FlakeAttrs, FlakeRefError> {
  const [id = '', ...rest] = segments;
  if (!new RegExp(`^${FLAKE_ID}$`).test(id)) return malformed('has no valid registry name');
  const last = rest.at(-1);
  const rev = last !== undefined && REV40.test(last) ? last.toLowerCase() : undefined;
  const ref = (rev === undefined ? rest : rest.slice(0, -1)).join('/');
  if (ref !== '' && !REF.test(ref)) return malformed('has no valid branch or tag name');
  return ok(definedAttrs({ type: 'indirect', id, ref: ref === '' ? undefined : ref, rev }));
}

/** `github:owner/repo[/ref-or-rev]`; of a longer path all behind the repository is the ref. */
function forge(url: NixUrl): Result<FlakeAttrs, FlakeRefError> {
  const [owner, repo, ...rest] = url.path.filter((segment) => segment !== '');
  if (owner === undefined || repo === undefined) return malformed('lacks an owner or a repository');
  const inPath = rest.length === 0 ? undefined : rest.join('/');
  const revInPath = rest.length === 1 && inPath !== undefined && REV40.test(inPath);
  const ref = revInPath ? url.query.get('ref') : (inPath ?? url.query.get('ref'));
  const rev = revInPath ? inPath : url.query.get('rev');
  const host = url.query.get('host');
  if (inPath !== undefined && url.query.has(revInPath ? 'rev' : 'ref')) return malformed('names two revisions');
  if (ref !== undefined && rev !== undefined) return malformed('names both a branch and a commit');
  if (ref !== undefined && !REF.test(ref)) return malformed('has no valid branch or tag name');
  if (rev !== undefined && !REV40.test(rev)) return malformed('has no valid commit hash');
  if (host !== undefined && !HOST.test(host)) return malformed('has no valid host');
  return ok(
    definedAttrs({ type: url.scheme, owner, repo, ref, rev: rev?.toLowerCase(), host, narHash: url.query.get('narHash') }),
  );
}

const GIT_TEXTS = ['rev', 'ref', 'keytype', 'publicKey', 'publicKeys'];
const GIT_FLAGS = ['shallow', 'submodules', 'lfs', 'exportIgnore', 'allRefs', 'verifyCommit'];

/** What Nix does not know stays in the URL, for the server. */
function git(url: NixUrl): Result<FlakeAttrs, FlakeRefError> {
  const attrs = new Map<string, AttrValue>([['type', 'git']]);
  for (const name of GIT_TEXTS) {
    const value = url.query.get(name);
    if (value !== undefined) attrs.set(name, value);
  }
  for (const name of GIT_FLAGS) {
    const value = url.query.get(name);
    if (value !== undefined) attrs.set(name, value === '1');
  }
  const scheme = url.scheme.replace(/^git\+/, '');
  return ok(attrs.set('url', printNixUrl({ ...url, scheme, query: without(url.query, [...GIT_TEXTS, ...GIT_FLAGS]) })));
}

function mercurial(url: NixUrl): Result<FlakeAttrs, FlakeRefError> {
  const rest = printNixUrl({ ...url, scheme: url.scheme.slice(3), query: without(url.query, ['rev', 'ref']) });
  return ok(definedAttrs({ type: 'hg', ref: url.query.get('ref'), rev: url.query.get('rev'), url: rest }));
}

/** Parameters of a download that are meant for Nix and not sent to the server. */
const DOWNLOAD_PARAMETERS = ['url', 'narHash', 'name', 'unpack', 'rev', 'revCount', 'lastModified'];

function download(url: NixUrl, type: string): Result<FlakeAttrs, FlakeRefError> {
  const { query } = url;
  return ok(
    definedAttrs({
      type,
      narHash: query.get('narHash'),
      rev: query.get('rev'),
      revCount: integer(query.get('revCount')),
      lastModified: integer(query.get('lastModified')),
      url: printNixUrl({ ...url, query: without(query, DOWNLOAD_PARAMETERS) }),
    }),
  );
}

function pathUrl(url: NixUrl): Result<FlakeAttrs, FlakeRefError> {
  if ((url.authority?.host ?? '') !== '') return malformed('is a path with a host');
  return pathAttrs(url.path.join('/'), url.query);
}

/** A text without scheme. What precedes `?` and `#` is taken as it is. */
function barePath(text: string): Result<FlakeAttrs, FlakeRefError> {
  const [, path = '', queryText = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/.exec(text) ?? [];
  if (fragment !== '') return err({ kind: 'fragment' });
  const query = parseQuery(queryText);
  if (query === undefined || percentDecode(queryText) === undefined) return malformed('has a malformed query');
  const dir = query.get('dir') ?? '';
  const attrs = pathAttrs(path, without(query, ['dir']));
  return attrs.ok && dir !== '' ? ok(new Map([...attrs.value, ['dir', dir]])) : attrs;
}

function pathAttrs(path: string, query: ReadonlyMap<string, string>): Result<FlakeAttrs, FlakeRefError> {
  const attrs = new Map<string, AttrValue>([
    ['type', 'path'],
    ['path', path],
  ]);
  for (const [name, value] of query) {
    if (name === 'rev' || name === 'narHash') attrs.set(name, value);
    else if (name === 'revCount' || name === 'lastModified') {
      const number = integer(value);
      if (number === undefined) return malformed(`has a parameter "${name}" that is no number`);
      attrs.set(name, number);
    } else return malformed('has a parameter that paths do not have');
  }
  return ok(attrs);
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function without(query: ReadonlyMap<string, string>, names: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...query].filter(([name]) => !names.includes(name)));
}

function definedAttrs(attrs: Record<string, AttrValue | undefined>): FlakeAttrs {
  const defined = new Map<string, AttrValue>();
  for (const [name, value] of Object.entries(attrs)) if (value !== undefined) defined.set(name, value);
  return defined;
}

function malformed(reason: string): Result<never, FlakeRefError> {
  return err({ kind: 'malformed', reason });
}
