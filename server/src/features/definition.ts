/** Definition: from an input to its lock node, and from a lock node to where flake.nix declares it. */
import type { Location, LocationLink } from 'vscode-languageserver-types';
import type { FlakeFile, Place } from '../domain/finding';
import type { LockNode } from '../domain/flakeLock';
import { inputInFlakeLock, inputInFlakeNix } from './hover';
import { lockAt } from './lockPosition';
import { inputOfPath, rangeOf, type FlakeView } from './view';
import type { Span } from '../util/span';

interface Jump {
  /** What was clicked. */
  readonly origin: Span;
  readonly targets: readonly Place[];
}

/** Finds the targets, with the clicked token where the editor can show it. */
export function definition(view: FlakeView, file: FlakeFile, offset: number, links: boolean): LocationLink[] | Location[] {
  const origin = view.documents[file];
  const jump = file === 'flake.nix' ? fromFlakeNix(view, offset) : fromFlakeLock(view, offset);
  if (origin === undefined || jump === undefined) return [];
  const targets = jump.targets.flatMap(({ file: targetFile, span }) => {
    const document = view.documents[targetFile];
    return document === undefined ? [] : [{ uri: document.uri, range: rangeOf(document, span) }];
  });
  if (!links) return targets;
  const originSelectionRange = rangeOf(origin, jump.origin);
  return targets.map(({ uri, range }) => ({
    originSelectionRange,
    targetUri: uri,
    targetRange: range,
    targetSelectionRange: range,
  }));
}

function fromFlakeNix(view: FlakeView, offset: number): Jump | undefined {
  const input = inputInFlakeNix(view, offset);
  const node = input?.facts.lockNode;
  if (input === undefined) return undefined;
  return { origin: input.span, targets: node === undefined ? [] : [lockPlace(node)] };
}

function fromFlakeLock(view: FlakeView, offset: number): Jump | undefined {
  const { lock } = view.facts;
  const text = view.documents['flake.lock']?.getText();
  if (lock.state !== 'ok' || text === undefined) return undefined;
  const at = lockAt(lock.lock, text, offset);
  if (at === undefined) return undefined;
  const input = inputInFlakeLock(view, at);
  // An input of a node leads to the node that it is; the node itself to flake.nix.
  if (at.kind === 'edge') return { origin: at.span, targets: input?.lockNode === undefined ? [] : [lockPlace(input.lockNode)] };
  const declared = declarations(view, at.node.key);
  if (declared.length > 0 || input === undefined) return { origin: at.span, targets: declared };
  // A transitive input: where the direct one that brings it is declared.
  const [first = ''] = input.path;
  const parent = inputOfPath(view.facts, [first])?.declared;
  return { origin: at.span, targets: parent === undefined ? [] : [{ file: 'flake.nix', span: parent.nameSpan }] };
}

function lockPlace({ keySpan }: LockNode): Place {
  return { file: 'flake.lock', span: keySpan };
}

/** Every place where flake.nix names a direct input that leads to the node. */
function declarations(view: FlakeView, key: string): Place[] {
  return view.facts.inputs
    .filter(({ path, node }) => path.length === 1 && node === key)
    .flatMap(({ declared }) => declared?.nameSpans ?? [])
    .map((span) => ({ file: 'flake.nix', span }));
}
