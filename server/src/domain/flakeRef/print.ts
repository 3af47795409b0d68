/** Attributes -> text for people: the reference, the page on the forge. No secret gets through here. */
import { forgeHost, isRev, stringAttr, type FlakeAttrs } from './attrs';
import { withoutSecrets } from './credentials';
import { forgeRepository, gitUrl } from './identity';
import { parseNixUrl, printNixUrl, printPath, printQuery, type NixUrl } from './url';

/**
 * Prints a reference in the form that can be written into flake.nix, for example `github:NixOS/nixpkgs/nixos-unstable`; without
 * user-info, secret parameters and hashes. Unknown types are printed as `type:…` with what is there.
 */
export function printFlakeRef(attrs: FlakeAttrs): string {
  const type = stringAttr(attrs, 'type') ?? '';
  switch (type) {
    case 'indirect':
      return ['flake:' + (stringAttr(attrs, 'id') ?? ''), stringAttr(attrs, 'ref'), stringAttr(attrs, 'rev')]
        .filter((part) => part !== undefined)
        .join('/');
    case 'github':
    case 'gitlab':
    case 'sourcehut':
      return printForge(type, attrs);
    case 'path':
      return `path:${stringAttr(attrs, 'path') ?? ''}${printQuery(parameters(attrs, ['dir', 'rev']))}`;
    case 'git':
    case 'hg':
      return printRepository(type, attrs);
    case 'tarball':
    case 'file':
      return printUrl(stringAttr(attrs, 'url') ?? '', (url) => url, parameters(attrs, ['dir']));
    default:
      return `${type}:${printUrl(stringAttr(attrs, 'url') ?? '', (url) => url, new Map())}`;
  }
}

function printForge(type: string, attrs: FlakeAttrs): string {
  const owner = encodeURIComponent(stringAttr(attrs, 'owner') ?? '');
  const repo = encodeURIComponent(stringAttr(attrs, 'repo') ?? '');
  const at = stringAttr(attrs, 'ref') ?? stringAttr(attrs, 'rev');
  const end = at === undefined ? '' : `/${printPath(at.split('/'))}`;
  const query = attrs.has('dir') || attrs.has('host') ? printQuery(parameters(attrs, ['dir', 'host'])) : '';
  return `${type}:${owner}/${repo}${end}${query}`;
}

const REPOSITORY_PARAMETERS = ['dir', 'ref', 'rev', 'submodules', 'lfs', 'shallow', 'allRefs', 'exportIgnore'];

function printRepository(type: string, attrs: FlakeAttrs): string {
  const url = stringAttr(attrs, 'url') ?? '';
  const withScheme = ({ scheme, ...rest }: NixUrl): NixUrl => ({
    ...rest,
    scheme: scheme === 'git' || scheme.startsWith(`${type}+`) ? scheme : `${type}+${scheme}`,
  });
  return printUrl(type === 'git' ? gitUrl(url) : url, withScheme, parameters(attrs, REPOSITORY_PARAMETERS));
}

/** Prints a URL as people write it: characters that need no encoding in a path are shown as they are. */
function printUrl(text: string, change: (url: NixUrl) => NixUrl, extra: ReadonlyMap<string, string>): string {
  const url = parseNixUrl(text);
  // What cannot be parsed may hold a secret anywhere: only its beginning is shown.
  if (url === undefined) return `${/^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0] ?? ''}…`;
  const clean = withoutSecrets(change(url));
  const query = new Map([...clean.query, ...extra]);
  const printed = printNixUrl({ ...clean, query: new Map(), fragment: '' });
  return printed.replace(/%(?:21|24|26|27|28|29|2A|2B|2C|3B|3D)/g, (encoded) => decodeURIComponent(encoded)) + printQuery(query);
}

function parameters(attrs: FlakeAttrs, names: readonly string[]): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  for (const name of names) {
    const value = attrs.get(name);
    if (typeof value === 'string' && value !== '') result.set(name, value);
    else if (value === true) result.set(name, '1');
  }
  return result;
}

/** Where a tree at a commit is shown, by host; only hosts that everybody knows: a file must not choose where a link leads. */
const TREE_PAGES: ReadonlyMap<string, (repository: string, rev: string) => string> = new Map([
  ['github.com', (repository, rev) => `https://github.com/${repository}/tree/${rev}`],
  ['gitlab.com', (repository, rev) => `https://gitlab.com/${repository}/-/tree/${rev}`],
  ['gitlab.freedesktop.org', (repository, rev) => `https://gitlab.freedesktop.org/${repository}/-/tree/${rev}`],
  ['gitlab.gnome.org', (repository, rev) => `https://gitlab.gnome.org/${repository}/-/tree/${rev}`],
  ['gitlab.haskell.org', (repository, rev) => `https://gitlab.haskell.org/${repository}/-/tree/${rev}`],
  ['codeberg.org', (repository, rev) => `https://codeberg.org/${repository}/src/commit/${rev}`],
  ['git.sr.ht', (repository, rev) => `https://git.sr.ht/${repository}/tree/${rev}`],
]);

/**
 * Gives the https page of a locked tree, built from owner, repository and commit alone; nothing when the host is not a public
 * forge that is known here, when the commit is not 40 hexadecimal digits, or when the parts are not plain.
 */
export function browseUrl(attrs: FlakeAttrs): string | undefined {
  const repository = forgeRepository(attrs);
  const rev = stringAttr(attrs, 'rev');
  if (repository === undefined || rev === undefined || !isRev(rev) || rev.length !== 40) return undefined;
  const segments = repository.path.split('/');
  if (!segments.every((segment) => /^[~\w][\w.-]*$/.test(segment)) || segments.length < 2) return undefined;
  return TREE_PAGES.get(repository.host)?.(repository.path, rev.toLowerCase());
}

/** Gives the host of a reference for display: of the forge, or of the URL. */
export function referenceHost(attrs: FlakeAttrs): string | undefined {
  const url = stringAttr(attrs, 'url');
  return forgeHost(attrs) ?? (url === undefined ? undefined : parseNixUrl(url)?.authority?.host);
}
