/** What lies at an offset of flake.lock: a node's key, one of its inputs, or its locked or original block. */
import type { FlakeLock, LockEdge, LockNode } from '../domain/flakeLock';
import { touches, type Span } from '../util/span';

export type LockPosition =
  /** `span`: the token without its quotes. */
  | { readonly kind: 'node'; readonly node: LockNode; readonly span: Span }
  | { readonly kind: 'edge'; readonly node: LockNode; readonly name: string; readonly edge: LockEdge; readonly span: Span }
  | { readonly kind: 'block'; readonly node: LockNode; readonly block: 'locked' | 'original'; readonly span: Span };

/** Finds it; linear in the number of nodes. */
export function lockAt(lock: FlakeLock, text: string, offset: number): LockPosition | undefined {
  for (const node of lock.nodes.values()) {
    if (touches(node.keySpan, offset)) return { kind: 'node', node, span: insideQuotes(text, node.keySpan) };
    if (!touches(node.span, offset)) continue;
    for (const [name, edge] of node.inputs) {
      for (const span of [edge.nameSpan, edge.span])
        if (touches(span, offset)) return { kind: 'edge', node, name, edge, span: insideQuotes(text, span) };
    }
    return blockAt(node, text, offset);
  }
  return undefined;
}

function blockAt(node: LockNode, text: string, offset: number): LockPosition | undefined {
  for (const block of ['locked', 'original'] as const) {
    const whole = block === 'locked' ? node.lockedSpan : node.originalSpan;
    if (whole === undefined || !touches(whole, offset)) continue;
    const values = block === 'locked' ? node.lockedSpans : node.originalSpans;
    for (const span of values.values())
      if (touches(span, offset)) return { kind: 'block', node, block, span: insideQuotes(text, span) };
    const token = attributeName(text, offset, whole);
    if (token !== undefined) return { kind: 'block', node, block, span: insideQuotes(text, token) };
  }
  return undefined;
}

/** Names of attributes are short; a longer one is no name that needs an answer. */
const MAX_NAME = 100;

/** Finds the attribute name, quotes included, that an offset touches. */
function attributeName(text: string, offset: number, bounds: Span): Span | undefined {
  const isName = (at: number): boolean => at >= bounds.start && at < bounds.end && /[A-Za-z0-9_-]/.test(text[at] ?? '');
  // The cursor before the opening quote touches the name behind it.
  const from = text[offset] === '"' && !isName(offset - 1) ? offset + 1 : offset;
  let start = from;
  while (from - start < MAX_NAME && isName(start - 1)) start--;
  let end = from;
  while (end - from < MAX_NAME && isName(end)) end++;
  return end > start && text[start - 1] === '"' && text[end] === '"' ? { start: start - 1, end: end + 1 } : undefined;
}

/** Returns the span without the quotes around it, where there are any. */
export function insideQuotes(text: string, { start, end }: Span): Span {
  return end - start >= 2 && text[start] === '"' && text[end - 1] === '"' ? { start: start + 1, end: end - 1 } : { start, end };
}
