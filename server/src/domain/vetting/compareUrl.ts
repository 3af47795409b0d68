import { forgeRepository, isRev, type FlakeAttrs } from '../flakeRef';

/** Forges that are not told by an input type of their own. */
const FORGEJO_HOSTS: ReadonlySet<string> = new Set(['codeberg.org', 'gitea.com', 'git.lix.systems']);

/** The page on which the forge shows what lies between two revisions; nothing where no such page is known. */
export function compareUrl(attrs: FlakeAttrs, from: string, to: string): string | undefined {
  const repository = forgeRepository(attrs);
  if (repository === undefined || !isRev(from) || !isRev(to)) return undefined;
  const { host, path } = repository;
  // Nothing of a path that could lead elsewhere, or be mistaken for more than a path.
  if (!/^[\w.~-]+(?:\/[\w.~-]+)+$/.test(path) || path.split('/').includes('..') || !/^[a-z0-9.-]+(?::\d+)?$/.test(host))
    return undefined;
  const type = attrs.get('type');
  if (host === 'github.com' || type === 'github' || FORGEJO_HOSTS.has(host))
    return `https://${host}/${path}/compare/${from}...${to}`;
  if (host === 'gitlab.com' || type === 'gitlab' || host.startsWith('gitlab.'))
    return `https://${host}/${path}/-/compare/${from}...${to}`;
  if (host === 'git.sr.ht' || type === 'sourcehut') return `https://${host}/${path}/log/${to}`;
  return undefined;
}
