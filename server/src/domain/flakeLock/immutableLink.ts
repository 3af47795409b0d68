/**
 * Tarball servers may answer with `Link: <…>; rel="immutable"`, and then Nix locks that other URL (Nix manual, "Lockable HTTP
 * Tarball Protocol"). So `locked` may legitimately differ from `original`, and an attacker may hide there. Accepted is what
 * names the same project: the forms of the servers that are known to do this, and for others a link on the same host.
 */
import { archiveRepository, flakeHubFlake, nixosChannel, type FlakeHubFlake } from '../flakeRef/identity';
import type { NixUrl } from '../flakeRef/url';
import type { Mismatch } from './agreement';
import { versionMatches } from './versionConstraint';

/** Says how `locked` cannot be an immutable link of `original`; nothing when it can. */
export function immutableLinkMismatch(original: NixUrl, locked: NixUrl, rev: string | undefined): Mismatch | undefined {
  const asked = flakeHubFlake(original);
  const got = flakeHubFlake(locked);
  if (asked !== undefined && got !== undefined) return flakeHubMismatch(asked, got, rev);
  const channel = nixosChannel(original);
  if (channel !== undefined && isHttps(locked) && locked.authority?.host === 'releases.nixos.org') {
    return channelMismatch(channel, locked, rev);
  }
  // A link to plain http would take away what https gives.
  if (original.scheme === 'https' && !isHttps(locked)) return URL_MISMATCH;
  const named = namedRepository(original);
  if (named !== undefined) return sameRepository(named, locked) ? revMismatch(locked, rev) : URL_MISMATCH;
  const sameHost = original.authority?.host === locked.authority?.host && original.authority?.port === locked.authority?.port;
  if (!sameHost || !isOwnerOfHost(original, locked)) return URL_MISMATCH;
  return isBound(original, locked, rev) ? revMismatch(locked, rev) : URL_MISMATCH;
}

/** The field of a mismatch between `rev` and the commit that the locked URL itself names. */
export const URL_COMMIT = 'commit in the URL';

/** The caller knows the attributes and prints them. */
const URL_MISMATCH: Mismatch = { field: 'url', original: '', locked: '' };

function flakeHubMismatch(asked: FlakeHubFlake, got: FlakeHubFlake, rev: string | undefined): Mismatch | undefined {
  const name = ({ org, flake }: FlakeHubFlake): string => `${org}/${flake}`;
  if (name(asked).toLowerCase() !== name(got).toLowerCase()) {
    return { field: 'FlakeHub flake', original: name(asked), locked: name(got) };
  }
  if (asked.version !== undefined && got.version !== undefined && versionMatches(asked.version, got.version) === false) {
    return { field: 'version', original: asked.version, locked: got.version };
  }
  return got.rev !== undefined && rev !== undefined && got.rev !== rev.toLowerCase()
    ? { field: URL_COMMIT, original: got.rev, locked: rev }
    : undefined;
}

/**
 * `channels.nixos.org/nixos-26.05/…` leads to `releases.nixos.org/nixos/26.05/NAME.SHORTREV/…`: the directory is the channel's
 * first word and its rest, but only the first word for `nixpkgs-unstable`. The release's name ends in the start of the commit.
 */
function channelMismatch(channel: string, locked: NixUrl, rev: string | undefined): Mismatch | undefined {
  const path = locked.path.filter((segment) => segment !== '');
  const [word = '', ...rest] = channel.split('-');
  const directory = channel === 'nixpkgs-unstable' ? ['nixpkgs'] : [word, rest.join('-')];
  const release = path[directory.length] ?? '';
  if (path.slice(0, directory.length).join('/') !== directory.join('/') || path.length !== directory.length + 2) {
    return { field: 'channel', original: channel, locked: path.slice(0, -1).join('/') };
  }
  const shortRev = /\.([0-9a-f]{7,40})$/.exec(release)?.[1];
  return shortRev !== undefined && rev !== undefined && !rev.toLowerCase().startsWith(shortRev)
    ? { field: URL_COMMIT, original: shortRev, locked: rev }
    : undefined;
}

interface NamedRepository {
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly repository: string;
}

/** Where redirectors such as rime lead: `https://rime.example/v1/codeberg/OWNER/REPO/…`. */
const REDIRECTED_FORGES: ReadonlyMap<string, string> = new Map([
  ['github', 'github.com'],
  ['gitlab', 'gitlab.com'],
  ['codeberg', 'codeberg.org'],
  ['sourcehut', 'git.sr.ht'],
]);

/** The repository that a URL names: as the archive of a forge, or as a redirector writes it. */
function namedRepository(url: NixUrl): NamedRepository | undefined {
  const { host, port } = url.authority ?? {};
  const repository = archiveRepository(url);
  if (repository?.includes('/') === true) return { host, port, repository };
  const path = url.path.filter((segment) => segment !== '');
  const [api, forge = '', first, second, third] = path;
  if (api !== 'v1' || first === undefined || second === undefined) return undefined;
  const forgeHost = REDIRECTED_FORGES.get(forge);
  if (forgeHost !== undefined) return { host: forgeHost, port: undefined, repository: `${first}/${withoutSuffix(second)}` };
  if (!['forgejo', 'gitea'].includes(forge) || third === undefined) return undefined;
  return { host: first.toLowerCase(), port: undefined, repository: `${second}/${withoutSuffix(third)}` };
}

function sameRepository(named: NamedRepository, locked: NixUrl): boolean {
  if (locked.authority?.host !== named.host || locked.authority?.port !== named.port) return false;
  const repository = archiveRepository(locked);
  if (repository === undefined) return false;
  if (repository.toLowerCase() === named.repository.toLowerCase()) return true;
  // Tangled writes the owner's lasting identity in place of the name: did:plc:…/repo.
  const [owner = '', name] = repository.split('/');
  return owner.startsWith('did:') && name === named.repository.split('/').at(-1);
}

/** Hosts where the first part of the path says whose it is. */
const SHARED_HOSTS =
  /(?:^|\.)(?:github\.com|githubusercontent\.com|gitlab\.com|bitbucket\.org|codeberg\.org|sr\.ht|amazonaws\.com|storage\.googleapis\.com|digitaloceanspaces\.com|r2\.dev|backblazeb2\.com)$/;

function isOwnerOfHost(original: NixUrl, locked: NixUrl): boolean {
  const home = (url: NixUrl): string | undefined => url.path.find((segment) => segment.startsWith('~'));
  if (home(original) !== home(locked)) return false;
  if (!SHARED_HOSTS.test(original.authority?.host ?? '')) return true;
  const owner = (url: NixUrl): string =>
    url.path
      .filter((segment) => segment !== '')
      .slice(0, 2)
      .join('/')
      .toLowerCase();
  return owner(original) === owner(locked);
}

/** Tells whether a URL looks as if it could not change: it names a commit, a hash, an identifier or a version that `original` lacks. */
function isBound(original: NixUrl, locked: NixUrl, rev: string | undefined): boolean {
  if (rev !== undefined) return true;
  const asked = new Set(original.path);
  return locked.path.some((segment) => !asked.has(segment) && /\d|[0-9a-z]{32}/i.test(segment));
}

/** A commit in the URL must be the one in `rev`. */
function revMismatch(locked: NixUrl, rev: string | undefined): Mismatch | undefined {
  if (rev === undefined) return undefined;
  const inUrl = [...locked.path, ...locked.query.values()]
    .map((part) => /(?:^|[^0-9a-f])([0-9a-f]{40})(?:[^0-9a-f]|$)/i.exec(part)?.[1]?.toLowerCase())
    .filter((found) => found !== undefined);
  const [first] = inUrl;
  return first === undefined || inUrl.includes(rev.toLowerCase())
    ? undefined
    : { field: URL_COMMIT, original: first, locked: rev };
}

function isHttps(url: NixUrl): boolean {
  return url.scheme === 'https';
}

function withoutSuffix(name: string): string {
  return name.replace(/\.(?:tar\.gz|tgz|zip)$/, '');
}
