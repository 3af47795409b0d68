/** What a build downloads, where hash or way are weak. One finding a kind: a system has thousands of downloads. */
import { compareText } from '../../util/compare';
import { finding, type Finding, type FindingCode } from '../finding';
import type { FixedSource, SourceIssue } from '../fixedSources';
import { isPlainScheme } from '../fixedSources';

/** So many are named in the evidence; all are counted. */
const MAX_NAMED = 100;

/** Finds the downloads that more than the rest rest on somebody's word. Needs {@link FixedSource}s in their order. */
export function downloadFindings(sources: readonly FixedSource[]): readonly Finding[] {
  return [
    ...group('download-weak-hash', 'weak-hash', sources, (some) => {
      const counts = countWords(some.map(({ algorithm }) => algorithm));
      return `${downloads(some.length)} pinned by a weak hash (${counts}): other content may have the same hash`;
    }),
    ...group('download-insecure', 'plain-http', sources, (some) => {
      const counts = countWords(some.map(({ urls }) => urls.find(({ scheme }) => isPlainScheme(scheme))?.scheme ?? ''));
      return `${downloads(some.length)} fetched without encryption (${counts}): only the hash protects what comes`;
    }),
  ];
}

function group(
  code: FindingCode,
  issue: SourceIssue,
  sources: readonly FixedSource[],
  message: (some: readonly FixedSource[]) => string,
): Finding[] {
  const some = sources.filter(({ issues }) => issues.includes(issue));
  const [first] = some;
  if (first === undefined) return [];
  return [
    finding(code, {
      message: message(some),
      subject: { kind: 'path', id: some.length === 1 ? first.drvPath : 'downloads' },
      evidence: {
        total: some.length,
        sources: some.slice(0, MAX_NAMED).map(({ drvPath, name, hash, urls }) => ({
          drvPath,
          name,
          hash,
          ...(urls[0] === undefined ? {} : { url: urls[0].url }),
        })),
      },
    }),
  ];
}

function downloads(count: number): string {
  return count === 1 ? 'One download is' : `${count} downloads are`;
}

/** `md5 2, sha1 7`. */
function countWords(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => compareText(a, b))
    .map(([word, count]) => `${word} ${count}`)
    .join(', ');
}
