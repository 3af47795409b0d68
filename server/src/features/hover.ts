/** Hover: where an input comes from, what is locked, what caches say of it; never waits for the network. */
import { type Hover, MarkupKind } from 'vscode-languageserver-types';
import { printFlakeRef } from '../domain/flakeRef';
import { inputAt, nixConfigAt, type InputAt } from '../domain/flakeNix';
import type { FlakeFile } from '../domain/finding';
import type { LockNode } from '../domain/flakeLock';
import type { InputFacts } from '../domain/flakeFacts';
import type { Span } from '../util/span';
import { inputLines } from './inputLines';
import { insideQuotes, lockAt, type LockPosition } from './lockPosition';
import { nixConfigLines } from './nixConfigLines';
import { renderText, type Line, type Style } from './richText';
import { inputOfNode, inputOfPath, rangeOf, type FlakeView } from './view';
import { shortRev } from './words';

/** Makes the hover at an offset; `null` where there is nothing to say. */
export function hover(view: FlakeView, file: FlakeFile, offset: number, style: Style): Hover | null {
  const document = view.documents[file];
  if (document === undefined) return null;
  const found = file === 'flake.nix' ? inFlakeNix(view, offset) : inFlakeLock(view, document.getText(), offset);
  if (found === undefined) return null;
  const value = renderText(found.lines, style);
  return {
    contents: { kind: style.markdown ? MarkupKind.Markdown : MarkupKind.PlainText, value },
    range: rangeOf(document, found.span),
  };
}

interface Found {
  readonly lines: readonly (readonly Line[])[];
  readonly span: Span;
}

function inFlakeNix(view: FlakeView, offset: number): Found | undefined {
  const { flakeNix } = view.facts;
  if (flakeNix === undefined) return undefined;
  const input = inputInFlakeNix(view, offset);
  if (input !== undefined) return { lines: inputLines(view, input.facts), span: input.span };
  const config = nixConfigAt(flakeNix, offset);
  if (config?.element === undefined) return undefined;
  const lines = nixConfigLines(view, config.setting, config.element);
  return lines === undefined ? undefined : { lines, span: config.element.textSpan };
}

/** Finds the input that an offset of flake.nix is about: for the target of `follows`, that target. */
export function inputInFlakeNix(
  view: FlakeView,
  offset: number,
): { readonly facts: InputFacts; readonly span: Span } | undefined {
  const { flakeNix } = view.facts;
  const at = flakeNix === undefined ? undefined : inputAt(flakeNix, offset);
  if (at === undefined) return undefined;
  const { follows } = at.input;
  const target =
    at.part === 'follows' && follows?.kind === 'string' ? follows.value.split('/').filter((name) => name !== '') : [];
  const facts = (target.length > 0 ? inputOfPath(view.facts, target) : undefined) ?? inputOfPath(view.facts, at.path);
  return facts === undefined ? undefined : { facts, span: tokenOf(view, at) };
}

/** The name or the text under the cursor, without quotes. */
function tokenOf(view: FlakeView, { input, part, span }: InputAt): Span {
  const value = part === 'url' ? input.url : part === 'follows' ? input.follows : undefined;
  if (value !== undefined && 'textSpan' in value) return value.textSpan;
  return insideQuotes(view.facts.flakeNixText ?? '', span);
}

function inFlakeLock(view: FlakeView, text: string, offset: number): Found | undefined {
  const { lock } = view.facts;
  if (lock.state !== 'ok') return undefined;
  const at = lockAt(lock.lock, text, offset);
  if (at === undefined || (at.kind === 'node' && at.node.key === lock.lock.rootKey)) return undefined;
  const input = inputInFlakeLock(view, at);
  if (input !== undefined) return { lines: inputLines(view, input), span: at.span };
  return at.kind === 'edge' ? undefined : { lines: unreachableLines(at.node), span: at.span };
}

/** Finds the input that a position of flake.lock is about. */
export function inputInFlakeLock(view: FlakeView, at: LockPosition): InputFacts | undefined {
  if (at.kind !== 'edge') return inputOfNode(view.facts, at.node.key);
  const { lock } = view.facts;
  const isRoot = lock.state === 'ok' && lock.lock.rootKey === at.node.key;
  const parent = isRoot ? [] : inputOfNode(view.facts, at.node.key)?.path;
  return parent === undefined ? undefined : inputOfPath(view.facts, [...parent, at.name]);
}

/** A node to which no input leads. */
function unreachableLines(node: LockNode): Line[][] {
  const attrs = node.locked ?? node.original;
  const rev = node.locked?.get('rev');
  return [
    [{ facts: [[{ strong: node.key }], attrs === undefined ? [] : [{ code: printFlakeRef(attrs) }]] }],
    [
      {
        icon: 'circle-slash',
        label: 'Source',
        facts: [
          typeof rev === 'string' ? ['locked ', { code: shortRev(rev) }] : [],
          ['no input leads to this node: Nix does not read it'],
        ],
      },
    ],
  ];
}
