/** What an import is called in the policy when the user gives no name: after who publishes it. */
import { parseUrl } from '../../util/parseUrl';
import { isCriterionName } from './criteria';
import { VETTING_FOLDER } from './types';

/** Hosts on which the first part of a path says whose it is. */
const FORGES: ReadonlySet<string> = new Set([
  ...['github.com', 'raw.githubusercontent.com', 'gitlab.com', 'codeberg.org', 'git.sr.ht', 'bitbucket.org'],
]);

/**
 * Gives a name for an address: the owner on a forge, else the host, else the folder that a file lies in. `undefined` where nothing of it can be
 * a name.
 *
 * @param from A URL, or a path.
 */
export function importName(from: string): string | undefined {
  const name = nameOf(/^https?:/i.test(from) ? publisherOf(from) : folderOf(from));
  return isCriterionName(name) ? name : undefined;
}

function publisherOf(address: string): string {
  const url = parseUrl(address);
  if (url === undefined) return '';
  return FORGES.has(url.hostname) ? (url.pathname.split('/')[1] ?? '') : url.hostname.replace(/^www\./, '');
}

function folderOf(file: string): string {
  const folders = file.split(/[/\\]/).slice(0, -1);
  return folders.filter((folder) => folder !== VETTING_FOLDER && /\w/.test(folder)).pop() ?? '';
}

function nameOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
}
