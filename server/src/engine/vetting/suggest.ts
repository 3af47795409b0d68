/** What to review first: the cheapest way for each input that is not vetted, and which import would spare it. */
import type { FlakeFacts } from '../../domain/flakeFacts';
import { compareUrl } from '../../domain/vetting/compareUrl';
import { importedRecords } from '../../domain/vetting/importMap';
import { Judge, type Verdict } from '../../domain/vetting/judge';
import { reviewedTrees, type ReviewedTree } from '../../domain/vetting/nearest';
import type { ImportRule, VettingRecord } from '../../domain/vetting/types';
import type { FlakeVetting, JudgedInput } from '../../domain/vetting/vetFlake';
import { compareTexts } from '../../util/compare';
import type { Comparison, GitHistory } from './ports';

/** Of so many reviewed trees the difference is measured; those reviewed last are the nearest, as a rule. */
const MAX_MEASURED = 5;

/** The smallest difference to something that was reviewed. */
export interface ReviewBase {
  readonly tree: ReviewedTree;
  /** Absent where no repository of this computer has both revisions. */
  readonly comparison?: Comparison;
  readonly compareUrl?: string;
}

export interface Suggestion {
  readonly one: JudgedInput;
  /** Absent when all of it would have to be read. */
  readonly base?: ReviewBase;
  /** Names of imports, or addresses of candidates, with which it would be vetted. */
  readonly sparedBy: readonly string[];
  /** Criteria of imports that cover the tree and have no meaning here: `import: criterion`. */
  readonly unmapped: readonly string[];
}

/** Records that might be imported. */
export interface Candidate {
  readonly from: string;
  readonly records: readonly VettingRecord[];
}

/** Finds the reviewed tree from which there is least to read; rejects only when `signal` aborts. */
export async function nearestBase(
  vetting: FlakeVetting,
  one: JudgedInput,
  { git, clones }: { readonly git: GitHistory; readonly clones: readonly string[] },
  signal: AbortSignal,
): Promise<ReviewBase | undefined> {
  const trees = reviewedTrees(vetting, one);
  const { rev: to, attrs } = one.input;
  const bases: ReviewBase[] = [];
  for (const tree of trees.slice(0, MAX_MEASURED)) {
    const { rev: from } = tree;
    const url = attrs === undefined || from === undefined || to === undefined ? undefined : compareUrl(attrs, from, to);
    const compared = from === undefined || to === undefined ? undefined : await git.compare({ from, to, clones }, signal);
    bases.push({
      tree,
      ...(compared?.kind === 'compared' ? { comparison: compared } : {}),
      ...(url === undefined ? {} : { compareUrl: url }),
    });
  }
  return bases.sort((a, b) => linesOf(a) - linesOf(b))[0];
}

/**
 * Suggests for every input that needs something, cheapest first; then, in the same way, for those that pass without a review, since that ends one
 * day.
 */
export async function suggest(
  vetting: FlakeVetting,
  ports: { readonly git: GitHistory; readonly clones: readonly string[]; readonly now: number },
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<readonly Suggestion[]> {
  const open = [...vetting.judged.values()].filter(({ verdict }) => verdict.state !== 'no-policy' && !isReviewed(verdict));
  const spared = sparedInputs(vetting, open, candidates, ports.now);
  const suggestions: Suggestion[] = [];
  for (const one of open) {
    const base = one.verdict.state === 'denied' ? undefined : await nearestBase(vetting, one, ports, signal);
    suggestions.push({
      one,
      ...(base === undefined ? {} : { base }),
      sparedBy: spared.get(one) ?? [],
      unmapped: unmappedFor(vetting, one),
    });
  }
  const rank = ({ one, base }: Suggestion) =>
    (one.verdict.state === 'exempted' ? 4 : 0) +
    (one.verdict.state === 'denied' ? 3 : base === undefined ? 2 : base.comparison === undefined ? 1 : 0);
  return suggestions.sort(
    (a, b) => rank(a) - rank(b) || linesOf(a.base) - linesOf(b.base) || compareTexts(a.one.input.path, b.one.input.path),
  );
}

/** Somebody reviewed it for all that is asked, whether or not an exemption goes before that. */
function isReviewed({ state, criteria }: Verdict): boolean {
  if (state !== 'vetted' && state !== 'exempted') return false;
  return criteria.every(({ basis, reviews = [] }) => basis === 'review' || reviews.length > 0);
}

function linesOf(base: ReviewBase | undefined): number {
  const { comparison } = base ?? {};
  return comparison === undefined ? Number.MAX_SAFE_INTEGER : comparison.insertions + comparison.deletions;
}

/** Judges once more with each candidate alone, as if it were imported without a map. */
function sparedInputs(
  { files }: FlakeVetting,
  open: readonly JudgedInput[],
  candidates: readonly Candidate[],
  now: number,
): ReadonlyMap<JudgedInput, readonly string[]> {
  const spared = new Map<JudgedInput, string[]>();
  const { policy } = files;
  if (policy === undefined) return spared;
  for (const { from, records } of candidates) {
    const rule: ImportRule = { name: 'candidate', from, criteria: new Map(), exclude: [], keys: [] };
    const judge = new Judge({
      policy: { ...policy, signaturesRequired: false, imports: [...policy.imports, rule] },
      records: [...files.records, ...importedRecords(records, rule)],
      now,
    });
    judge.judge(open.map(({ subject }) => subject)).forEach((verdict, index) => {
      const { state } = verdict;
      const one = open[index];
      const passes = one?.verdict.state === 'exempted' ? isReviewed(verdict) : state === 'vetted' || state === 'exempted';
      if (one !== undefined && passes) spared.set(one, [...(spared.get(one) ?? []), from]);
    });
  }
  return spared;
}

function unmappedFor({ files }: FlakeVetting, { subject, verdict }: JudgedInput): readonly string[] {
  if (subject.narHash === undefined || verdict.state === 'denied') return [];
  const found = new Set<string>();
  for (const [name, { records }] of files.imports) {
    const rule = files.policy?.imports.find((one) => one.name === name);
    if (rule === undefined) continue;
    for (const record of records) {
      if (record.kind !== 'audit' || record.narHash !== subject.narHash) continue;
      for (const criterion of record.criteria)
        if (importedRecords([{ ...record, criteria: [criterion] }], rule).length === 0) found.add(`${name}: ${criterion}`);
    }
  }
  return [...found].sort();
}

/** The input of the flake with that name, or path, from the root. */
export function judgedInputNamed(vetting: FlakeVetting, facts: FlakeFacts, name: string): JudgedInput | undefined {
  const input = facts.inputs.find(({ path }) => path.join('/') === name);
  return input === undefined ? undefined : vetting.judged.get(input.node);
}
