/** Which source a reference names, whatever its form: `github:o/r` and `git+https://github.com/o/r.git` are one repository. */
import { forgeHost, stringAttr, type FlakeAttrs } from './attrs';
import { withoutSecrets } from './credentials';
import { parseNixUrl, printNixUrl, type NixUrl } from './url';

/** A repository on a forge. */
export interface ForgeRepository {
  /** In lower case. */
  readonly host: string;
  /** `owner/repository`, with subgroups in between where the forge has them; as written. */
  readonly path: string;
}

/** Finds the repository that a reference names: by its type, by a git URL, or by the archive URL of a forge. */
export function forgeRepository(attrs: FlakeAttrs): ForgeRepository | undefined {
  const host = forgeHost(attrs);
  if (host !== undefined) {
    const owner = stringAttr(attrs, 'owner');
    const repo = stringAttr(attrs, 'repo');
    return owner === undefined || repo === undefined ? undefined : { host, path: `${owner}/${repo}` };
  }
  const type = stringAttr(attrs, 'type');
  const text = stringAttr(attrs, 'url');
  if (text === undefined) return undefined;
  const url = parseNixUrl(type === 'git' ? gitUrl(text) : text);
  if (url?.authority === undefined || url.authority.host === '') return undefined;
  if (type === 'git') return { host: url.authority.host, path: repositoryPath(url.path) };
  const archive = type === 'tarball' ? archiveRepository(url) : undefined;
  return archive === undefined ? undefined : { host: url.authority.host, path: archive };
}

/**
 * Gives `owner/repository` of an archive URL: `/owner/repo/archive/…` (GitHub, Forgejo, Gitea, sourcehut), `/owner/repo/-/archive/…`
 * (GitLab), `/owner/repo/tarball/…`, and the same behind the paths of their interfaces.
 */
export function archiveRepository(url: NixUrl): string | undefined {
  const path = url.path.filter((segment) => segment !== '');
  // GitLab: /api/v4/projects/owner%2Frepo/repository/archive.tar.gz
  if (path[0] === 'api' && path[2] === 'projects' && path[4] === 'repository') return path[3];
  // Forgejo: /api/v1/repos/owner/repo/archive/…; GitHub: api.github.com/repos/owner/repo/tarball/…, /api/v3/repos/… elsewhere
  const repos = path[0] === 'repos' ? 1 : path[0] === 'api' && path[2] === 'repos' ? 3 : 0;
  const kind = path.findIndex((segment, index) => index >= repos + 2 && ['archive', 'tarball', 'zipball', '-'].includes(segment));
  return kind < 0 ? undefined : path.slice(repos, kind).join('/');
}

/** What FlakeHub URLs name: `https://flakehub.com/f/ORG/FLAKE/…`, pinned `https://api.flakehub.com/f/pinned/ORG/FLAKE/VERSION/…`. */
export interface FlakeHubFlake {
  readonly org: string;
  readonly flake: string;
  /** A constraint, or the version of a pinned one; as written, without archive suffix. */
  readonly version?: string;
  readonly pinned: boolean;
  /** The commit that a pinned version names. */
  readonly rev?: string;
}

/** Reads a FlakeHub URL; gives nothing for other URLs. */
export function flakeHubFlake(url: NixUrl): FlakeHubFlake | undefined {
  const host = url.authority?.host;
  if (url.scheme !== 'https' || (host !== 'flakehub.com' && host !== 'api.flakehub.com')) return undefined;
  const path = url.path.filter((segment) => segment !== '');
  if (path[0] !== 'f') return undefined;
  const pinned = path[1] === 'pinned';
  const [org, flake, versionText] = path.slice(pinned ? 2 : 1);
  if (org === undefined || flake === undefined) return undefined;
  const version = versionText?.replace(/\.tar\.gz$/, '').replace(/\+rev-.*$/, '');
  const rev = versionText === undefined ? undefined : /\+rev-([0-9a-f]{40})$/.exec(versionText)?.[1];
  return {
    org,
    flake: flake.replace(/\.tar\.gz$/, ''),
    pinned,
    ...(version === undefined ? {} : { version }),
    ...(rev === undefined ? {} : { rev }),
  };
}

/** Who a source belongs to, as far as its address says: the owner on a forge, or the organisation on FlakeHub. */
export function sourceOwner(attrs: FlakeAttrs): { readonly host: string; readonly name: string } | undefined {
  const repository = forgeRepository(attrs);
  if (repository !== undefined) {
    const slash = repository.path.indexOf('/');
    return slash <= 0 ? undefined : { host: repository.host, name: repository.path.slice(0, slash) };
  }
  const url = parseNixUrl(stringAttr(attrs, 'url') ?? '');
  const flake = url === undefined ? undefined : flakeHubFlake(url);
  return flake === undefined ? undefined : { host: 'flakehub.com', name: flake.org };
}

/** Reads the channel of `https://channels.nixos.org/CHANNEL/…` and its forerunner `https://nixos.org/channels/CHANNEL/…`. */
export function nixosChannel(url: NixUrl): string | undefined {
  const host = url.authority?.host;
  const path = url.path.filter((segment) => segment !== '');
  if (host === 'channels.nixos.org') return path[0];
  return host === 'nixos.org' && path[0] === 'channels' ? path[1] : undefined;
}

/** Gives a text that is equal for two references to the same source, whatever their ref, rev, directory and hash. */
export function sourceIdentity(attrs: FlakeAttrs): string {
  const repository = forgeRepository(attrs);
  if (repository !== undefined) return `${repository.host}/${repository.path.toLowerCase()}`;
  const type = stringAttr(attrs, 'type') ?? '';
  if (type === 'indirect') return `flake:${stringAttr(attrs, 'id') ?? ''}`;
  if (type === 'path') return `path:${stringAttr(attrs, 'path') ?? ''}`;
  const text = stringAttr(attrs, 'url') ?? '';
  const url = parseNixUrl(type === 'git' ? gitUrl(text) : text);
  if (url === undefined) return `${type}:${text}`;
  const flake = flakeHubFlake(url);
  if (flake !== undefined) return `flakehub.com/${flake.org}/${flake.flake}`.toLowerCase();
  if (url.authority?.host === 'releases.nixos.org' || nixosChannel(url) !== undefined) return 'nixos.org/nixexprs';
  return `${type}:${printNixUrl({ ...withoutSecrets(url), query: new Map() })}`;
}

/** The repository's path without `.git` and slashes around. */
function repositoryPath(path: readonly string[]): string {
  return path
    .filter((segment) => segment !== '')
    .join('/')
    .replace(/\.git$/, '');
}

/** Brings a git URL into URL form, as Nix's `fixGitURL`: `git@host:path` is ssh, a path is `file:`; a superfluous `git+` goes. */
export function gitUrl(text: string): string {
  if (text.includes('://') || /^(?:git\+)?file:/.test(text)) return text.replace(/^git\+/, '');
  if (text.startsWith('/')) return `file://${text}`;
  const colon = text.indexOf(':');
  const at = text.slice(0, Math.max(0, colon)).lastIndexOf('@');
  return at < 0 ? `file:${text}` : `ssh://${text.slice(0, colon)}/${text.slice(colon + 1)}`;
}
