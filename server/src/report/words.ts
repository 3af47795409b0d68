/** What the report says of an input, a cache and a finding in plain words; text and Markdown differ in layout alone. */
import type { Severity } from '../domain/finding';
import type { CacheReport, InputReport, InputsReport } from '../domain/inputsReport';
import { FIRST_PLAUSIBLE_SEC } from '../domain/plausibleDate';
import { verdictWords } from '../domain/vetting/verdictWords';
import { plainText } from '../util/plainText';

/** How good a fact is, for colours; the words say it as well. */
export type Tone = 'good' | 'bad' | 'doubtful' | 'plain';

export interface Words {
  readonly text: string;
  readonly tone: Tone;
}

/** Says who vouches for the source of an input, and never more than was checked. */
export function signerWords({ signer, answers, storePath }: InputReport): Words {
  switch (signer.verdict) {
    case 'verified':
      return { text: `signed by ${nameList(signer.keyNames)}, verified with a key that you trust`, tone: 'good' };
    case 'content-addressed':
      return { text: 'none needed: a cache serves exactly the locked content', tone: 'good' };
    case 'hash-mismatch':
      return { text: 'a cache serves other content than flake.lock pins; see the findings', tone: 'bad' };
    case 'invalid-signature':
      return { text: 'a signature under the name of a key that you trust does not verify', tone: 'bad' };
    case 'untrusted-key': {
      const names = answers.flatMap(({ signatures = [] }) => signatures.map(({ keyName }) => keyName));
      return { text: `only keys that you do not trust; they claim to be ${claims([...new Set(names)])}`, tone: 'doubtful' };
    }
    case 'unsigned':
      return { text: 'served without a signature', tone: 'doubtful' };
    case 'absent':
      return { text: 'none needed: pinned by its hash, and in none of the caches that answered', tone: 'plain' };
    case 'unknown':
      return {
        text: `not checked${storePath === undefined ? '' : `: no cache ${asked(answers) ? 'gave an answer' : 'was asked'}`}`,
        tone: 'plain',
      };
  }
}

function asked(answers: InputReport['answers']): boolean {
  return answers.some(({ answer }) => answer !== 'not-asked');
}

/** Says whether and by whom the source was reviewed, as the records of the repository claim; and what of it, where they say. */
export function vettingWords({ vetting }: Pick<InputReport, 'vetting'>): Words {
  const { facts, read, tone } = verdictWords(vetting);
  const text = `${facts.join(', ')}${read === undefined ? '' : `; read: ${read}`}`;
  if (vetting.believed !== false) return { text, tone };
  return { text: `this repository says: ${text} (not believed in Restricted Mode)`, tone: tone === 'good' ? 'plain' : tone };
}

/** Says what became of a cache. */
export function cacheWords({ state, reason }: CacheReport): Words {
  const why = reason === undefined ? '' : `: ${plainText(reason, 160)}`;
  switch (state) {
    case 'reachable':
      return { text: `answered${why}`, tone: 'plain' };
    case 'unreachable':
      return { text: `could not be asked${why}`, tone: 'doubtful' };
    case 'not-asked':
      return { text: `not asked${why}`, tone: 'plain' };
  }
}

/** What to do where reviews have replaced an exemption. */
export const PRUNE_WORDS = '`flake-trust vet prune --write` revokes exemptions that reviews have replaced.';

/** Which caches were not asked about the binaries of a private input; `undefined` when none was left out. */
export function notAskedWords({ notAsked }: NonNullable<InputReport['binaries']>): string | undefined {
  if (notAsked === undefined) return undefined;
  const caches = notAsked.caches.slice(0, 5).map(cacheLabel).join(', ');
  const more = notAsked.caches.length > 5 ? ` and ${notAsked.caches.length - 5} more` : '';
  return `private (${plainText(notAsked.reason, 100)}), so not asked of ${caches}${more}`;
}

/** Names a cache as short as it is clear: without `https://`. */
export function cacheLabel(url: string): string {
  return plainText(url.replace(/^https?:\/\//, ''), 60);
}

/** The input's path as people write it. */
export function inputLabel(path: readonly string[], maxLength = 60): string {
  return plainText(path.join('/'), maxLength);
}

/** The first seven digits of a revision, as git has them; anything else is cut. */
export function shortRev(rev: string): string {
  return /^[0-9a-f]{40,64}$/.test(rev) ? rev.slice(0, 7) : plainText(rev, 16);
}

/** `2026-11-22`, in UTC; absent for a time that no calendar has. */
export function dateOf(timeMs: number): string | undefined {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) || timeMs < FIRST_PLAUSIBLE_SEC * 1000 ? undefined : date.toISOString().slice(0, 10);
}

/** `1 error, 2 warnings`, or `nothing found`. */
export function countWords(findings: InputsReport['findings']): string {
  const counts = SEVERITY_WORDS.flatMap(([severity, word]) => {
    const count = findings.filter((finding) => finding.severity === severity && finding.suppressed === undefined).length;
    return count === 0 ? [] : [plural(count, word)];
  });
  const suppressed = findings.filter((finding) => finding.suppressed !== undefined).length;
  if (suppressed > 0) return `${counts.length === 0 ? 'nothing else found' : counts.join(', ')}, ${suppressed} suppressed`;
  return counts.length === 0 ? 'nothing found' : counts.join(', ');
}

const SEVERITY_WORDS: readonly (readonly [Severity, string])[] = [
  ['error', 'error'],
  ['warning', 'warning'],
  ['information', 'note'],
  ['hint', 'hint'],
];

/** Why a finding does not count, in the words of the project's policy. */
export function suppressedWords({ suppressed }: InputsReport['findings'][number]): string | undefined {
  if (suppressed === undefined) return undefined;
  return `suppressed by the policy until ${plainText(suppressed.until, 30)}: ${plainText(suppressed.reason, 200)}`;
}

/** `1 input`, `2 inputs`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** What no report of this program proves, whatever it says. */
export const NOT_PROVED =
  'A hash that matches says that these are the bytes that were locked. It does not say that anybody reviewed them, nor that they belong to ' +
  'the revision beside it. A signature that verifies says that the holder of the key vouches for the path. It does not say that the path was ' +
  'built from the sources it names, on a clean machine or reproducibly, nor that the key was never stolen. ' +
  'The binaries built from these inputs were not checked.';

/** The same where binaries were looked up: then it is only what they were built from that nobody has shown. */
export const NOT_PROVED_WITH_BINARIES = NOT_PROVED.slice(0, NOT_PROVED.lastIndexOf(' The binaries'));

/** Names that nobody vouches for: in quotes, so that a name cannot go on as a sentence of ours. */
function claims(names: readonly string[]): string {
  return nameList(names.map((name) => `"${plainText(name, 60).replaceAll('"', "'")}"`));
}

function nameList(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => plainText(name, 62));
  return names.length > 3 ? `${shown.join(', ')} and ${names.length - 3} more` : shown.join(', ');
}
