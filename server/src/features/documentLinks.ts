/** Document links: from a reference to its page at the locked revision. Built from parsed parts, https only, public sources only. */
import type { DocumentLink } from 'vscode-languageserver-types';
import type { FlakeFile } from '../domain/finding';
import { browseUrl } from '../domain/flakeRef';
import type { InputFacts } from '../domain/flakeFacts';
import type { Span } from '../util/span';
import { insideQuotes } from './lockPosition';
import { findingsOf, inputOfNode, rangeOf, type FlakeView } from './view';

const TOOLTIP = 'Open the source at the locked revision';

/** Makes the links of a file: on the URL strings of flake.nix, on the locked revisions of flake.lock. */
export function documentLinks(view: FlakeView, file: FlakeFile): DocumentLink[] {
  const document = view.documents[file];
  if (document === undefined) return [];
  const links = file === 'flake.nix' ? linksOfFlakeNix(view) : linksOfFlakeLock(view, document.getText());
  return links.map(({ span, target }) => ({ range: rangeOf(document, span), target, tooltip: TOOLTIP }));
}

interface Link {
  readonly span: Span;
  readonly target: string;
}

function linksOfFlakeNix(view: FlakeView): Link[] {
  return view.facts.inputs.flatMap((input) => {
    const { url } = input.declared ?? {};
    // Where the lock says something else than the text, a link on the text would lead where nobody expects.
    const differs = findingsOf(view, input.path).some(({ code }) => code === 'lock-tampered' || code === 'lock-out-of-date');
    const target = differs ? undefined : pageOf(input);
    return url?.kind === 'string' && target !== undefined ? [{ span: url.textSpan, target }] : [];
  });
}

function linksOfFlakeLock(view: FlakeView, text: string): Link[] {
  const { lock } = view.facts;
  if (lock.state !== 'ok') return [];
  return [...lock.lock.nodes.values()].flatMap((node) => {
    const span = node.lockedSpans.get('rev');
    const input = inputOfNode(view.facts, node.key);
    const target = input === undefined ? undefined : pageOf(input);
    return span === undefined || target === undefined ? [] : [{ span: insideQuotes(text, span), target }];
  });
}

function pageOf({ attrs, privateReason }: InputFacts): string | undefined {
  return attrs === undefined || privateReason !== undefined ? undefined : browseUrl(attrs);
}
