/** Building blocks of the HTML report. Whatever is called `html` is markup already; every other text is escaped here. */
import { escapeHtml } from '../../util/html';
import type { Tone } from '../words';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly kind?: 'number' | 'wide';
}

/** A table that a screen reader can tell, and that scrolls by itself on a narrow screen. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => `<tr>${cells.map((html, index) => bodyCell(html, index, columns[index])).join('')}</tr>\n`);
  return `<div class="scroll"><table>\n<caption>${escapeHtml(caption)}</caption>\n${tableHead(columns)}\n<tbody>\n${lines.join('')}</tbody>\n</table></div>\n`;
}

/** The head of a table. */
export function tableHead(columns: readonly Column[]): string {
  const cells = columns.map(({ title, kind }) => `<th scope="col"${className(kind)}>${escapeHtml(title)}</th>`);
  return `<thead><tr>${cells.join('')}</tr></thead>`;
}

function bodyCell(html: string, index: number, column: Column | undefined): string {
  return index === 0 ? `<th scope="row">${html}</th>` : `<td${className(column?.kind)}>${html}</td>`;
}

function className(kind: Column['kind']): string {
  return kind === undefined ? '' : ` class="${kind}"`;
}

/** A part of the page with its heading. */
export function section(id: string, title: string, html: string): string {
  return `<section id="${id}" aria-labelledby="${id}-title">\n<h2 id="${id}-title">${escapeHtml(title)}</h2>\n${html}</section>\n`;
}

export function paragraph(text: string, kind = ''): string {
  return `<p${kind === '' ? '' : ` class="${kind}"`}>${escapeHtml(text, 2000)}</p>\n`;
}

export function code(text: string, maxLength = 300): string {
  return `<code>${escapeHtml(text, maxLength)}</code>`;
}

/** A store path in which the name stands out from the hash. */
export function storePath(path: string): string {
  const [, before = '', name = path] = /^(\/.*\/[0-9a-z]{32}-)(.+)$/s.exec(path) ?? [];
  return `<span class="path"><span class="hash">${escapeHtml(before, 300)}</span><span class="name">${escapeHtml(name, 300)}</span></span>`;
}

/** Words whose colour says how good it is; the words say it as well. */
export function toned(text: string, tone: Tone): string {
  return `<span class="${tone}">${escapeHtml(text)}</span>`;
}

export function badge(text: string, tone: Tone): string {
  return `<span class="badge ${tone}">${escapeHtml(text)}</span>`;
}

export function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>\n${items.map((html) => `<li>${html}</li>\n`).join('')}</ul>\n`;
}

export function details(summary: string, html: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>\n${html}</details>\n`;
}

/** Lines of a command or of JSON. */
export function block(lines: readonly string[]): string {
  return `<pre>${lines.map((line) => escapeHtml(line, 100_000)).join('\n')}</pre>\n`;
}

/** A share as a bar; the number beside it says the same, so that a screen reader may skip it. */
export function bar(count: number, of: number, kind = 'fill'): string {
  return `<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="${kind}" width="${part(count, of)}" height="1"></rect></svg>`;
}

/** Several shares in one bar. What is not nothing is at least half a percent wide, so that one bad path in 50,000 is seen. */
export function stackedBar(parts: readonly { readonly kind: string; readonly count: number }[]): string {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const widths = parts.map(({ count }) => (count === 0 ? 0 : Math.max(0.5, (100 * count) / total)));
  const all = widths.reduce((sum, width) => sum + width, 0);
  let x = 0;
  const rects = parts.map(({ kind }, index) => {
    const width = (100 * (widths[index] ?? 0)) / (all || 1);
    const rect = width === 0 ? '' : `<rect class="v-${kind}" x="${x.toFixed(3)}" width="${width.toFixed(3)}" height="1"></rect>`;
    x += width;
    return rect;
  });
  return `<svg class="stack" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${rects.join('')}</svg>\n`;
}

/** `97.4 %`; never 0 or 100 for what is only nearly so. Needs no escaping. */
export function percent(count: number, of: number): string {
  if (of === 0) return '';
  const value = (100 * count) / of;
  const text = value.toFixed(1);
  if (text === '0.0' && count > 0) return 'under 0.1 %';
  return text === '100.0' && count < of ? 'over 99.9 %' : `${text} %`;
}

/** `50,000`: the same in every language. */
export function grouped(count: number): string {
  return Number.isSafeInteger(count) ? String(count).replace(/\B(?=(\d{3})+$)/g, ',') : String(count);
}

/** And how many more there are than were shown. */
export function more(total: number, max: number): string {
  return total > max ? paragraph(`And ${grouped(total - max)} more, in the JSON report.`, 'dim') : '';
}

function part(count: number, of: number): string {
  return of === 0 ? '0' : ((100 * count) / of).toFixed(2);
}
