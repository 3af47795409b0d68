/** Every store path: all in a table up to some thousands; beyond, those to look at first, and all as data that the script shows. */
import type { ClosurePath } from '../../domain/closureReport';
import { escapeHtml, jsonForHtml } from '../../util/html';
import { plainText } from '../../util/plainText';
import { bytesWords, problemPaths, verdictWords } from '../closureWords';
import type { FinishedClosure } from '../finishedAudit';
import { cacheLabel, type Tone } from '../words';
import { grouped, paragraph, storePath, tableHead, toned, type Column } from './parts';

/** A table of more rows makes browsers slow. */
const MAX_ROWS = 3000;
/** Rows of the table when it cannot have all. */
const MAX_PROBLEMS = 1000;

const COLUMNS: readonly Column[] = [
  { title: 'Store path' },
  { title: 'Verdict' },
  { title: 'Signed by' },
  { title: 'Nix would take it from' },
  { title: 'Size', kind: 'number' },
];

/** Prints the list, piece by piece. */
export function* pathList(closure: FinishedClosure): Generator<string> {
  const { paths: total } = closure.summary.totals;
  yield '<section id="paths" aria-labelledby="paths-title">\n<h2 id="paths-title">Store paths</h2>\n';
  yield TOOLS;
  if (total <= MAX_ROWS) {
    yield* pathTable(`All ${grouped(total)} paths, by store path`, 'path-table', closure.paths());
  } else {
    const problems = problemPaths(closure, MAX_PROBLEMS);
    yield WINDOW;
    const words =
      problems.total > MAX_PROBLEMS
        ? `the first ${grouped(MAX_PROBLEMS)} of ${grouped(problems.total)}`
        : grouped(problems.total);
    yield paragraph(
      `A table of ${grouped(total)} rows would be too long, so this one has the paths to look at first. With scripts allowed, a list above it searches and sorts all of them; the JSON report has them, too.`,
      'dim',
    );
    if (problems.total === 0) yield paragraph('There is none: a key that you trust vouches for every path, or it needs none.');
    else yield* pathTable(`Paths to look at: ${words} of ${grouped(total)} paths`, 'problem-table', problems.paths);
    yield* pathData(closure);
  }
  yield* throughData(closure);
  yield '</section>\n';
}

const TOOLS = `<div class="tools" id="path-tools" role="search" hidden>
<label>Search <input type="search" id="path-search" placeholder="name, hash, key, cache" autocomplete="off" spellcheck="false"></label>
<label>Verdict <select id="path-verdict"><option>all</option></select></label>
<output id="path-count" aria-live="polite"></output>
<p class="dim">Choose a path to see why it is in the closure.</p>
</div>
<dialog id="path-why" aria-labelledby="path-why-title" aria-describedby="path-why-words" closedby="any">
<div class="head"><h3 id="path-why-title"></h3><button type="button">Close</button></div>
<p id="path-why-words"></p>
<ol></ol>
</dialog>
`;

const WINDOW = `<div class="window" id="path-window" tabindex="0" role="region" aria-label="All store paths" hidden><table>
<colgroup><col class="c-path"><col class="c-verdict"><col class="c-keys"><col class="c-from"><col class="c-size"></colgroup>
${tableHead(COLUMNS)}
<tbody></tbody>
</table></div>
`;

function* pathTable(caption: string, id: string, paths: Iterable<ClosurePath>): Generator<string> {
  yield `<div class="scroll"><table id="${id}">\n<caption>${escapeHtml(caption)}</caption>\n${tableHead(COLUMNS)}\n<tbody>\n`;
  for (const path of paths) {
    const { keyNames, from, narSize } = path;
    const cells = [
      `<td>${toned(verdictText(path), toneOf(path))}</td>`,
      `<td>${escapeHtml(keysText(keyNames))}</td>`,
      `<td>${from === undefined ? '' : escapeHtml(cacheLabel(from))}</td>`,
      `<td class="number" data-bytes="${narSize ?? -1}">${narSize === undefined ? '' : bytesWords(narSize)}</td>`,
    ];
    yield `<tr><th scope="row">${storePath(path.storePath)}</th>${cells.join('')}</tr>\n`;
  }
  yield '</tbody>\n</table></div>\n';
}

/** All paths as rows, and behind them what the second column stands for, which is the same for most. */
function* pathData({ paths, summary: { roots } }: FinishedClosure): Generator<string> {
  const store = (roots[0] ?? '').slice(0, Math.max(0, (roots[0] ?? '').lastIndexOf('/')));
  const kinds = new Map<string, number>();
  yield '<script type="application/json" id="path-data">[';
  let separator = '';
  for (const path of paths()) {
    const { storePath: text, from, keyNames, narSize } = path;
    const base = plainText(text.startsWith(`${store}/`) ? text.slice(store.length + 1) : text, 300);
    const kind = jsonForHtml([verdictText(path), keysText(keyNames), from === undefined ? '' : cacheLabel(from), toneOf(path)]);
    const number = kinds.get(kind) ?? kinds.size;
    kinds.set(kind, number);
    yield `${separator}\n${jsonForHtml([base, number, narSize ?? -1])}`;
    separator = ',';
  }
  yield '\n]</script>\n';
  yield `<script type="application/json" id="path-words">{"store":${jsonForHtml(plainText(store, 300))},"kinds":[`;
  separator = '';
  for (const kind of kinds.keys()) {
    yield `${separator}\n${kind}`;
    separator = ',';
  }
  yield '\n]}</script>\n';
}

/** For every path, in the order of the list, the place of the one through which a root leads to it; the script shows the chain. */
function* throughData({ reachedThrough }: FinishedClosure): Generator<string> {
  yield '<script type="application/json" id="path-through">[';
  let separator = '';
  for (const place of reachedThrough()) {
    yield `${separator}${place}`;
    separator = ',';
  }
  yield ']</script>\n';
}

function toneOf({ verdict, agreement }: ClosurePath): Tone {
  return agreement === 'differ' ? 'bad' : verdictWords(verdict).tone;
}

/** The verdict, and what else is to be said of a path. */
function verdictText({ verdict, agreement, built, local, input }: ClosurePath): string {
  return [
    verdictWords(verdict).label,
    ...(agreement === 'differ' ? ['caches differ'] : []),
    ...(built === undefined ? [] : [built === 'local' ? 'built here' : 'would be built here']),
    ...(local === undefined ? [] : [`in the local store: ${verdictWords(local.verdict).label}`]),
    ...(input === undefined ? [] : [`of input ${plainText(input.join('/'), 60)}`]),
  ].join(', ');
}

function keysText(names: readonly string[]): string {
  return names.map((name) => plainText(name, 80)).join(', ');
}
