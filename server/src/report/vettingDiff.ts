/** What there is to review, in words: differences with their size, and suggestions. */
import type { Comparison } from '../engine/vetting/ports';
import type { Suggestion } from '../engine/vetting/suggest';
import { byWords } from '../domain/vetting/vetFlake';
import { plainText } from '../util/plainText';
import { shellWord } from '../util/shellWord';
import { inputLabel, plural, shortRev } from './words';

const MAX_COMMITS = 30;
const MAX_FILES = 20;

/** Lines for `vet diff`. */
export function comparisonLines({
  from,
  to,
  comparison,
  url,
}: {
  readonly from: string;
  readonly to: string;
  readonly comparison?: Comparison;
  readonly url?: string;
}): string[] {
  const lines = [`  from ${from}`, `  to   ${to}`];
  if (comparison === undefined) {
    return [
      ...lines,
      '',
      '  No repository on this computer has both revisions, so the difference was not measured: --clone DIR names one.',
      ...(url === undefined ? [] : [`  The forge shows it: ${url}`]),
    ];
  }
  const { repository, log, changed, commits, linear, files } = comparison;
  return [
    ...lines,
    `  ${sizeWords(comparison)}`,
    ...(linear ? [] : ['  The first does not lead to the second: the branch was rewritten, or it is another one.']),
    '',
    ...log
      .slice(0, MAX_COMMITS)
      .map(
        ({ rev, date, author, subject }) =>
          `  ${shortRev(rev)}  ${plainText(date, 10)}  ${plainText(author, 24).padEnd(24)}  ${plainText(subject, 90)}`,
      ),
    ...(commits > MAX_COMMITS ? [`  and ${commits - MAX_COMMITS} more commits`] : []),
    '',
    ...changed
      .slice(0, MAX_FILES)
      .map(
        ({ path, insertions, deletions }) =>
          `  ${`+${insertions}`.padStart(7)} ${`-${deletions}`.padStart(7)}  ${plainText(path, 100)}`,
      ),
    ...(files > MAX_FILES ? [`  and ${files - MAX_FILES} more files`] : []),
    '',
    `  Read it: git --git-dir=${shellWord(repository)} diff --no-ext-diff --no-textconv ${from} ${to}`,
    ...(url === undefined ? [] : [`  Or at the forge: ${url}`]),
    '  This compares the revisions. That the locked hash belongs to the second is what flake.lock claims.',
  ];
}

/** `12 commits, 34 files, +560 -78 lines`. */
export function sizeWords({ commits, files, insertions, deletions }: Comparison): string {
  return `${plural(commits, 'commit')}, ${plural(files, 'file')}, +${insertions} -${deletions} lines`;
}

/** Lines for `vet suggest`. */
export function suggestionLines(suggestions: readonly Suggestion[]): string[] {
  if (suggestions.length === 0) return ['Everything is vetted or exempted.'];
  return suggestions.flatMap(({ one, base, sparedBy, unmapped }) => {
    const name = one.input.path.join('/');
    const missing = one.verdict.criteria.filter(({ basis }) => basis === undefined).map(({ criterion }) => criterion);
    const lines = [`${inputLabel(one.input.path)}  needs ${plainText(missing.join(', '), 100)}`];
    if (one.verdict.state === 'denied')
      return [...lines, `  denied by ${byWords(one.verdict.denials)}: lock another revision, or take the input out`];
    if (base === undefined) lines.push('  nothing of it is vetted: all of it would have to be read, or a scope of it');
    else {
      const since = base.tree.rev === undefined ? plainText(base.tree.narHash, 20) : shortRev(base.tree.rev);
      const size =
        base.comparison === undefined
          ? 'not measured: no repository on this computer has both revisions'
          : sizeWords(base.comparison);
      lines.push(`  review what changed since ${since} (${base.tree.state} by ${byWords(base.tree.records)}): ${size}`);
      if (base.comparison === undefined && base.compareUrl !== undefined) lines.push(`  ${base.compareUrl}`);
      lines.push(`  flake-trust vet diff ${shellWord(plainText(name, 100))}`);
    }
    const kind = base === undefined ? '--full' : '--delta';
    lines.push(`  flake-trust vet certify ${shellWord(plainText(name, 100))} ${kind}`);
    for (const from of sparedBy) lines.push(`  or import ${plainText(from, 200)}: its records cover it`);
    for (const text of unmapped) lines.push(`  or map a criterion of an import that covers it: ${plainText(text, 120)}`);
    return [...lines, ''];
  });
}
