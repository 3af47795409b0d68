/** The closure in the report for a terminal: totals first, then what each cache has, then chains. */
import { createColors } from 'picocolors';
import { plainText } from '../util/plainText';
import { bytesWords, fillCommand, stopWords, VERDICTS, whyChain, type ChainStep } from './closureWords';
import { isChallenge, type FinishedClosure } from './finishedAudit';
import { cacheLabel, plural } from './words';

export interface ClosureTextOptions {
  readonly color: boolean;
  /** `--why`: paths whose chain from a root is shown. */
  readonly why: readonly string[];
}

const MAX_ROOTS = 10;
const MAX_MISSING = 5;
const MAX_FILL = 3;

/** Prints blocks of lines. Nothing of files or caches can act on a terminal: see {@link plainText}. */
export function closureBlocks(closure: FinishedClosure, { color, why }: ClosureTextOptions): string[][] {
  const { bold, dim, red, yellow } = createColors(color);
  const { roots, totals, stopped } = closure.summary;
  const counts = VERDICTS.flatMap(({ verdict, words }) => rows([[totals.byVerdict[verdict] ?? 0, words]]));
  return [
    [
      ...roots.slice(0, MAX_ROOTS).map((root) => bold(plainText(root, 300))),
      ...(roots.length > MAX_ROOTS ? [dim(`and ${plural(roots.length - MAX_ROOTS, 'more root')}`)] : []),
      dim(`${plural(totals.paths, 'store path')}, ${bytesWords(totals.narBytes)} unpacked`),
    ],
    [...counts, ...rows([[totals.differ, 'different content in different caches']]).map(red)],
    table(bold('Signed by'), totals.byKey, (name) => plainText(name, 80)),
    table(bold('Nix would take from'), totals.byCache, cacheLabel),
    isChallenge(closure.summary) ? coverageLines(closure, color) : [],
    ...why.map((path) => whyLines(whyChain(closure, path), path, dim)),
    stopped === undefined ? [] : [yellow(`Not complete: ${stopWords(stopped)}.`)],
  ];
}

function coverageLines({ summary: { coverage } }: FinishedClosure, color: boolean): string[] {
  const { bold, dim } = createColors(color);
  const lines = [bold('What each cache has')];
  for (const { url, paths, bytes, onlyHere = 0, missing, fill = [] } of coverage) {
    lines.push(
      `${String(paths).padStart(8)}  ${cacheLabel(url)}: ${bytesWords(bytes)}, ${onlyHere} only there, ${missing.length} missing`,
    );
    for (const { storePath, neededBy } of missing.slice(0, MAX_MISSING)) {
      lines.push(
        dim(
          `${''.padStart(10)}${plainText(storePath, 300)} (${neededBy === 1 ? '1 path refers' : `${neededBy} paths refer`} to it)`,
        ),
      );
    }
    if (missing.length > MAX_MISSING) lines.push(dim(`${''.padStart(10)}and ${missing.length - MAX_MISSING} more`));
    for (const one of fill) {
      const command = fillCommand(one, MAX_FILL)?.join(' ') ?? 'the command is in the HTML and JSON reports';
      lines.push(
        dim(
          `${''.padStart(10)}${plural(one.paths.length, 'verified path')} could be copied from ${cacheLabel(one.from)}: ${command}`,
        ),
      );
    }
  }
  return lines;
}

function table(title: string, counts: Readonly<Record<string, number>>, label: (key: string) => string): string[] {
  const lines = rows(Object.entries(counts).map(([key, count]) => [count, label(key)]));
  return lines.length === 0 ? [] : [title, ...lines];
}

function rows(counts: readonly (readonly [number, string])[]): string[] {
  return counts.filter(([count]) => count > 0).map(([count, words]) => `${String(count).padStart(8)}  ${words}`);
}

function whyLines(chain: readonly ChainStep[], path: string, dim: (text: string) => string): string[] {
  if (chain.length === 0) return [`${plainText(path, 300)} is not in this closure`];
  return chain.flatMap(({ storePath, words }, depth) => {
    const indent = '  '.repeat(depth);
    const line = `${indent}${depth === 0 ? '' : '→ '}${plainText(storePath, 300)}`;
    return words === '' ? [line] : [line, dim(`${indent}    ${words}`)];
  });
}
