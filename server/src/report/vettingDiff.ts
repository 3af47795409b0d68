/** What there is to review, in words: differences with their size, and suggestions. */
import type { Comparison } from '../engine/vetting/ports';
import type { Suggestion } from '../engine/vetting/suggest';
import type { ReviewedTree } from '../domain/vetting/nearest';
import { byWords, firstEnd, recordsOf } from '../domain/vetting/vetFlake';
import { codeSpan, escapeMarkdown, link } from '../util/markdown';
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
          `  ${shortRev(rev)}  ${plainText(date.slice(0, 10))}  ${plainText(author, 24).padEnd(24)}  ${plainText(subject, 90)}`,
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
    `  Read it: ${diffCommand(repository, from, to)}`,
    ...(url === undefined ? [] : [`  Or at the forge: ${url}`]),
    `  ${THIS_COMPARES}`,
  ];
}

/** What {@link changesMarkdown} tells. */
export interface ChangesFacts {
  /** Path of the input from the root. */
  readonly path: readonly string[];
  readonly base: ReviewedTree;
  readonly from: string;
  readonly to: string;
  readonly comparison: Comparison;
  readonly url?: string;
  /** The diff beside it is only the beginning. */
  readonly cut: boolean;
  /** It has characters that change the direction of text, or that nobody sees. */
  readonly hidden: boolean;
}

/** The difference since an input was last vetted, as a Markdown document. Everything foreign in it is escaped; its only link is to the forge. */
export function changesMarkdown({ path, base, from, to, comparison, url, cut, hidden }: ChangesFacts): string {
  const { repository, log, changed, commits, linear, files } = comparison;
  const what = base.state === 'vetted' ? 'review' : 'exemption';
  return [
    `# Changes in ${escapeMarkdown(path.join('/'), 120)}`,
    '',
    `Since the ${what} by ${escapeMarkdown(byWords(base.records), 200)}: **${sizeWords(comparison)}**`,
    '',
    `- from ${codeSpan(from)}`,
    `- to ${codeSpan(to)}`,
    ...(url === undefined ? [] : [`- ${link('the same at the forge', url)}`]),
    ...(linear ? [] : ['- **The first does not lead to the second**: the branch was rewritten, or it is another one.']),
    ...(cut ? ['- **The diff is cut**: it is too long to be shown whole.'] : []),
    ...(hidden ? ['- **The diff has characters that hide or reverse text**: what it looks like is not what it is.'] : []),
    '',
    '## Commits',
    '',
    ...log
      .slice(0, MAX_COMMITS)
      .map(
        ({ rev, date, author, subject }) =>
          `- ${codeSpan(shortRev(rev))} ${escapeMarkdown(date.slice(0, 10))} ${escapeMarkdown(author, 60)}: ${escapeMarkdown(subject, 120)}`,
      ),
    ...(commits > MAX_COMMITS ? [`- and ${commits - MAX_COMMITS} more`] : []),
    '',
    '## Files',
    '',
    ...changed
      .slice(0, MAX_FILES)
      .map(({ path: name, insertions, deletions }) => `- ${codeSpan(name, 200)} +${insertions} -${deletions}`),
    ...(files > MAX_FILES ? [`- and ${files - MAX_FILES} more`] : []),
    '',
    '## What to do next',
    '',
    'Read the diff. When you have, *Record a Review…* of what changed. In a terminal the same is shown by:',
    '',
    ...indentedCode(diffCommand(repository, from, to)),
    '',
    THIS_COMPARES,
    '',
  ].join('\n');
}

/** A code block that no text in it can end. */
function indentedCode(text: string): string[] {
  return [`    ${plainText(text, 1000)}`];
}

function diffCommand(repository: string, from: string, to: string): string {
  return `git --git-dir=${shellWord(repository)} diff --no-ext-diff --no-textconv ${from} ${to}`;
}

const THIS_COMPARES = 'This compares the revisions. That the locked hash belongs to the second is what flake.lock claims.';

/** `12 commits, 34 files, +560 -78 lines`. */
export function sizeWords({ commits, files, insertions, deletions }: Comparison): string {
  return `${plural(commits, 'commit')}, ${plural(files, 'file')}, +${insertions} -${deletions} lines`;
}

/** Lines for `vet suggest`. */
export function suggestionLines(suggestions: readonly Suggestion[]): string[] {
  if (suggestions.length === 0) return ['Nothing is left to review: every input meets what the policy asks of it.'];
  return suggestions.flatMap(({ one, base, sparedBy, unmapped }) => {
    const name = one.input.path.join('/');
    const exempted = one.verdict.state === 'exempted';
    const open = one.verdict.criteria.filter(({ basis }) => (exempted ? basis !== 'review' : basis === undefined));
    const missing = plainText(open.map(({ criterion }) => criterion).join(', '), 100);
    const until = exempted ? firstEnd(recordsOf(one.verdict)) : undefined;
    const passes = until === undefined ? 'passes without a review' : `passes without a review until ${plainText(until, 40)}`;
    const lines = [`${inputLabel(one.input.path)}  ${exempted ? `${passes}, then needs` : 'needs'} ${missing}`];
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
