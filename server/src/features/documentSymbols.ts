/** Document symbols of flake.lock: its nodes, with what is locked. In flake.nix other Nix servers do this. */
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver-types';
import { printFlakeRef } from '../domain/flakeRef';
import type { LockNode } from '../domain/flakeLock';
import { plainText } from '../util/plainText';
import { rangeOf, type FlakeView } from './view';
import { shortRev } from './words';

/** Makes one symbol per node except the root, in the order of the file. */
export function documentSymbols(view: FlakeView): DocumentSymbol[] {
  const { lock } = view.facts;
  const document = view.documents['flake.lock'];
  if (lock.state !== 'ok' || document === undefined) return [];
  return [...lock.lock.nodes.values()]
    .filter(({ key }) => key !== lock.lock.rootKey)
    .map((node) => ({
      // An empty name makes VS Code refuse the whole list.
      name: plainText(node.key) || '(empty)',
      detail: plainText(detailOf(node)),
      kind: SymbolKind.Package,
      range: rangeOf(document, { start: node.keySpan.start, end: Math.max(node.keySpan.end, node.span.end) }),
      selectionRange: rangeOf(document, node.keySpan),
    }));
}

function detailOf({ original, locked }: LockNode): string {
  const reference = printFlakeRef(original ?? locked ?? new Map());
  const rev = locked?.get('rev');
  return typeof rev === 'string' ? `${reference} @ ${shortRev(rev)}` : reference;
}
