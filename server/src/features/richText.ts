/**
 * Lines for people, as data: rendered as Markdown where an editor shows it, as plain text where it does not. No piece is trusted: every
 * text, whatever file or cache it comes from, passes the escaping of util/markdown.ts here and nowhere else.
 */
import { LINKED_COMMANDS } from '../protocol';
import { codeSpan, escapeMarkdown, link } from '../util/markdown';
import { plainText } from '../util/plainText';

/** Theme icons that are used; all are in the codicons of VS Code 1.100. A missing one would print as raw text. */
export type Icon =
  | 'checklist'
  | 'circle-outline'
  | 'circle-slash'
  | 'database'
  | 'debug-disconnect'
  | 'error'
  | 'info'
  | 'key'
  | 'lock'
  | 'package'
  | 'verified'
  | 'warning'
  | 'workspace-untrusted';

export type Piece =
  | string
  /** Names, references, hashes. */
  | { readonly code: string }
  | { readonly strong: string }
  | { readonly emphasis: string }
  /** Web page; https only, built by this program. */
  | { readonly href: string; readonly label: string }
  /** Left out where the editor knows no commands. */
  | { readonly command: keyof typeof LINKED_COMMANDS; readonly label: string; readonly argument?: string };

export interface Line {
  readonly icon?: Icon;
  /** Stands bold at the beginning. */
  readonly label?: string;
  /** Shown with a dot between them. One that shows nothing in a style is left out there. */
  readonly facts: readonly (readonly Piece[])[];
}

/** What the editor can show. */
export interface Style {
  readonly markdown: boolean;
  readonly icons: boolean;
  readonly commands: boolean;
}

/** Renders paragraphs of lines. A line that shows nothing is left out, so is an empty paragraph. */
export function renderText(paragraphs: readonly (readonly Line[])[], style: Style): string {
  return paragraphs
    .map((lines) => lines.map((line) => renderLine(line, style)).filter((text) => text !== ''))
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join(style.markdown ? '  \n' : '\n'))
    .join('\n\n');
}

function renderLine({ icon, label, facts }: Line, style: Style): string {
  const text = facts
    .map((pieces) => pieces.map((piece) => renderPiece(piece, style)).join(''))
    .filter((fact) => fact !== '')
    .join(' · ');
  if (text === '') return '';
  const head = [
    ...(icon !== undefined && style.icons ? [`$(${icon})`] : []),
    ...(label === undefined ? [] : [style.markdown ? `**${label}**` : `${label}:`]),
  ];
  return [...head, text].join(' ');
}

function renderPiece(piece: Piece, style: Style): string {
  if (typeof piece === 'string') return withEnds(piece, style.markdown ? escapeWords(piece, 400) : plainText(piece, 400));
  if ('code' in piece) return style.markdown ? codeSpan(piece.code) : plainText(piece.code);
  if ('strong' in piece) return style.markdown ? `**${nameSpan(piece.strong)}**` : plainText(piece.strong);
  if ('emphasis' in piece) return style.markdown ? `_${escapeWords(piece.emphasis, 80)}_` : plainText(piece.emphasis);
  if ('href' in piece) return style.markdown ? link(piece.label, piece.href) : `${plainText(piece.label)} ${piece.href}`;
  if (!style.commands || !style.markdown) return '';
  const query = piece.argument === undefined ? '' : `?${encodeURIComponent(JSON.stringify([piece.argument]))}`;
  return link(piece.label, `command:${LINKED_COMMANDS[piece.command]}${query}`);
}

/** Escapes a text, except for the two file names that act on nothing: some editors show Markdown as it is written. */
function escapeWords(text: string, maxLength: number): string {
  return escapeMarkdown(text, maxLength).replace(/\bflake\\\.(lock|nix)\b/g, 'flake.$1');
}

/** A name as it is when nothing in it has to be escaped, else as code: also readable where Markdown is shown as it is written. */
function nameSpan(text: string): string {
  const escaped = escapeWords(text, 80);
  return escaped === text ? text : codeSpan(text);
}

/** Gives a cleaned text back the space at each end, which stands between it and its neighbours. */
function withEnds(text: string, clean: string): string {
  return `${/^\s/.test(text) ? ' ' : ''}${clean}${/\S\s$/.test(text) ? ' ' : ''}`;
}
