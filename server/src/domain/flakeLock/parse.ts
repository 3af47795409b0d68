/** The text of flake.lock -> nodes with positions. The grammar is the one of `LockFile` in Nix (libflake/lockfile.cc), 2.8 to 2.34. */
import { plainText } from '../../util/plainText';
import type { Span } from '../../util/span';
import { JsonTokens } from './jsonTokens';
import { readNode } from './node';
import { duplicateKey } from './problems';
import type { FlakeLock, LockNode, LockProblem, ParsedLock } from './types';

const DEFAULT_MAX_LENGTH = 50 * 1024 * 1024;
const MIN_VERSION = 5;
const MAX_VERSION = 7;

/** What the outermost object says, before it is judged. */
interface Outline {
  version?: { readonly value: unknown; readonly span: Span };
  root?: { readonly value: unknown; readonly span: Span };
  nodes?: ReadonlyMap<string, LockNode>;
  readonly problems: LockProblem[];
}

/**
 * Parses flake.lock; never throws, and time and memory are linear in the text.
 *
 * `unreadable` is what Nix refuses as a whole: no JSON, another version than 5 to 7, no root. What Nix refuses about a single node
 * is a problem of that node, since the others can still be told about.
 *
 * @param options.maxBytes Longer texts (in UTF-16 units) are refused; default 50 MB.
 */
export function parseFlakeLock(text: string, options: { readonly maxBytes?: number } = {}): ParsedLock {
  const maxLength = options.maxBytes ?? DEFAULT_MAX_LENGTH;
  if (text.length > maxLength)
    return unreadable(`it is larger than ${Math.floor(maxLength / 1024 / 1024)} MB`, { start: 0, end: 0 });
  const tokens = new JsonTokens(text);
  if (tokens.mistake === undefined && !tokens.atObject) tokens.skip();
  const isObject = tokens.atObject;
  const outline: Outline = { problems: [] };
  const span = isObject ? readOutline(tokens, text, outline) : { start: 0, end: Math.min(1, text.length) };
  tokens.finish();
  if (tokens.mistake !== undefined) return unreadable(tokens.mistake.message, tokens.mistake.span);
  if (!isObject) return unreadable('it is no JSON object', span);
  return judge(outline, { start: span.start, end: span.start + 1 });
}

function readOutline(tokens: JsonTokens, text: string, outline: Outline): Span {
  const seen = new Set<string>();
  return tokens.readObject((name) => {
    if (seen.has(name)) outline.problems.push(duplicateKey(name, 'the file', tokens.nameSpan));
    seen.add(name);
    switch (name) {
      case 'version':
        outline.version = { value: tokens.readScalar(), span: tokens.valueSpan };
        break;
      case 'root':
        outline.root = { value: tokens.readScalar(), span: tokens.valueSpan };
        break;
      case 'nodes':
        delete outline.nodes;
        if (tokens.atObject) outline.nodes = readNodes(tokens, text, outline.problems);
        else tokens.skip();
        break;
      default:
        tokens.skip();
    }
  });
}

function readNodes(tokens: JsonTokens, text: string, problems: LockProblem[]): ReadonlyMap<string, LockNode> {
  const nodes = new Map<string, LockNode>();
  tokens.readObject((key) => {
    const keySpan = tokens.nameSpan;
    if (nodes.has(key)) problems.push(duplicateKey(key, 'nodes', keySpan));
    nodes.set(key, readNode(tokens, text, key));
  });
  return nodes;
}

function judge(outline: Outline, start: Span): ParsedLock {
  const { version, root, nodes, problems } = outline;
  const number = typeof version?.value === 'number' ? version.value : undefined;
  if (version === undefined) return unreadable('it has no version', start);
  if (number === undefined) return unreadable('its version is no number', version.span);
  if (!Number.isInteger(number) || number < MIN_VERSION || number > MAX_VERSION) {
    return unreadable(`unsupported version ${number}, Nix reads ${MIN_VERSION} to ${MAX_VERSION}`, version.span, number);
  }
  if (root === undefined) return unreadable('it has no root', start, number);
  if (typeof root.value !== 'string') return unreadable('its root is no text', root.span, number);
  if (nodes === undefined) return unreadable('it has no nodes', start, number);
  const rootNode = nodes.get(root.value);
  if (rootNode === undefined) return unreadable(`its root "${plainText(root.value, 40)}" is missing`, root.span, number);
  const lock: FlakeLock = { version: number, rootKey: root.value, nodes, problems };
  return { kind: 'ok', lock };
}

function unreadable(message: string, span: Span, version?: number): ParsedLock {
  return { kind: 'unreadable', message, span, ...(version === undefined ? {} : { version }) };
}
