import { finding, type Finding, type Fix } from '../finding';
import type { InputFacts } from '../flakeFacts/types';
import { stringAttr } from '../flakeRef';
import { inNix, inputPlace, inputSubject, message, plainLiteral, quoted, valueSpan, type CheckedFlake } from './checkedFlake';

/**
 * Sources fetched over a transport that nothing protects: http, and git's own protocol. The hash in the lock still holds, but whoever
 * sits on the line chooses what the next update locks. Loopback addresses are left alone.
 */
export function insecureTransport(flake: CheckedFlake): readonly Finding[] {
  const declared = flake.declarations.flatMap(({ path, input }) => {
    const url = input.url;
    if (url === undefined || !('value' in url) || typeof url.value !== 'string') return [];
    const scheme = insecureScheme(url.value);
    if (scheme === undefined) return [];
    const literal = plainLiteral(url, flake.flakeNixText);
    const span = literal === undefined ? valueSpan(url) : { start: literal.start, end: literal.start + scheme.length };
    const fixes: readonly Fix[] =
      literal === undefined ? [] : [{ kind: 'edit', title: 'Use https', place: inNix(span), newText: secureScheme(scheme) }];
    return [finding('insecure-transport', { ...about(path, scheme), place: inNix(span), fixes })];
  });
  const known = new Set(declared.map(({ subject }) => subject.id));
  const locked = flake.nodes.flatMap((input) => {
    const scheme = lockedScheme(input);
    const isKnown = known.has(input.path.join('/'));
    return scheme === undefined || isKnown
      ? []
      : [finding('insecure-transport', { ...about(input.path, scheme), ...inputPlace(input) })];
  });
  return [...declared, ...locked];
}

function about(path: readonly string[], scheme: string): Pick<Finding, 'message' | 'subject'> {
  const how = scheme === 'git' ? 'git://, which nothing protects' : 'plain http';
  return { message: message(`Input ${quoted(path)} is fetched over ${how}`), subject: inputSubject(path) };
}

function lockedScheme({ attrs, original }: InputFacts): string | undefined {
  for (const candidate of [attrs, original]) {
    const url = candidate === undefined ? undefined : stringAttr(candidate, 'url');
    const scheme = url === undefined ? undefined : insecureScheme(url);
    if (scheme !== undefined) return scheme;
  }
  return undefined;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/** Gives the scheme when it protects nothing. */
function insecureScheme(url: string): string | undefined {
  const [, scheme, authority = ''] = /^((?:(?:git|hg|tarball|file)\+)?http|git(?:\+git)?):\/\/([^/?#]*)/.exec(url) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  return scheme === undefined || LOOPBACK.test(host) ? undefined : scheme;
}

function secureScheme(scheme: string): string {
  return scheme.startsWith('git') ? 'git+https' : scheme.replace(/http$/, 'https');
}
