import type { Span } from '../../util/span';
import { plainText } from '../../util/plainText';
import { finding, type Finding, type Fix, type Place } from '../finding';
import type { InputFacts } from '../flakeFacts/types';
import type { LiteralValue } from '../flakeNix';
import { findCredential, stringAttr } from '../flakeRef';
import { substituterElements } from './nixConfigCaches';
import {
  inLock,
  inNix,
  inputSubject,
  message,
  plainLiteral,
  quoted,
  shifted,
  valueSpan,
  type CheckedFlake,
} from './checkedFlake';

/**
 * Passwords and tokens in URLs: whoever reads the repository has them, and Nix copies them into flake.lock and the store.
 * The message never repeats them.
 */
export function credentialsInUrl(flake: CheckedFlake): readonly Finding[] {
  const inputs = flake.declarations.flatMap(({ path, input }) => {
    const found = literalCredential(input.url, flake.flakeNixText);
    return found === undefined ? [] : [inputFinding(path, found)];
  });
  const known = new Set(inputs.map(({ subject }) => subject.id));
  const locked = flake.nodes.flatMap((input) => {
    const place = known.has(input.path.join('/')) ? undefined : lockedCredential(input, flake.lockText);
    return place === undefined ? [] : [inputFinding(input.path, { place, fixes: [] })];
  });
  return [...inputs, ...locked, ...substituterCredentials(flake)];
}

interface Found {
  readonly place: Place;
  readonly fixes: readonly Fix[];
}

function inputFinding(path: readonly string[], found: Found): Finding {
  return finding('credentials-in-url', {
    message: message(`Input ${quoted(path)}: the URL contains a credential`),
    subject: inputSubject(path),
    ...found,
  });
}

function literalCredential(value: LiteralValue | undefined, text: string | undefined): Found | undefined {
  if (value === undefined || !('value' in value) || typeof value.value !== 'string') return undefined;
  const credential = findCredential(value.value);
  if (credential === undefined) return undefined;
  const literal = plainLiteral(value, text);
  if (literal === undefined) return { place: inNix(valueSpan(value)), fixes: [] };
  return { place: inNix(shifted(credential.span, literal.start)), fixes: [removal(shifted(credential.removal, literal.start))] };
}

function removal(span: Span): Fix {
  return { kind: 'edit', title: 'Remove the credential', place: inNix(span), newText: '' };
}

function lockedCredential({ lockNode }: InputFacts, text: string | undefined): Place | undefined {
  if (lockNode === undefined || text === undefined) return undefined;
  for (const side of ['locked', 'original'] as const) {
    const attrs = lockNode[side];
    const url = attrs === undefined ? undefined : stringAttr(attrs, 'url');
    const credential = url === undefined ? undefined : findCredential(url);
    if (credential === undefined) continue;
    const span = lockNode[`${side}Spans`].get('url');
    if (span === undefined) continue;
    const isPlain = text.slice(span.start + 1, span.end - 1) === url;
    return inLock(isPlain ? shifted(credential.span, span.start + 1) : span);
  }
  return undefined;
}

/** The caches of `nixConfig`: their user-info is sent as HTTP Basic auth. */
function substituterCredentials(flake: CheckedFlake): readonly Finding[] {
  return substituterElements(flake).flatMap(({ element, cache }) => {
    const credential = findCredential(element.value);
    if (credential === undefined) return [];
    const isPlain = flake.flakeNixText?.slice(element.textSpan.start, element.textSpan.end) === element.value;
    const at = (span: Span): Span => (isPlain ? shifted(span, element.textSpan.start) : element.textSpan);
    const url = cache?.url ?? '';
    return [
      finding('credentials-in-url', {
        message: message(`nixConfig: the URL of cache ${plainText(url, 60)} contains a credential`),
        subject: { kind: 'cache', id: url },
        place: inNix(at(credential.span)),
        fixes: isPlain ? [removal(at(credential.removal))] : [],
      }),
    ];
  });
}
