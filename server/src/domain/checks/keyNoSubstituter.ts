import { plainText } from '../../util/plainText';
import type { Span } from '../../util/span';
import { finding, type Finding } from '../finding';
import { inNix, message, type CheckedFlake } from './checkedFlake';
import { configuredCaches, isComplete, isKeyOf, pairing } from './nixConfigCaches';

/**
 * Keys that `nixConfig` trusts while it adds no cache for them. A trusted key counts for every cache, so one too many is a risk
 * without use. Nothing is said while caches are left over that the key may belong to.
 */
export function keyNoSubstituter(flake: CheckedFlake): readonly Finding[] {
  const { cachesWithoutKey, keysWithoutCache } = pairing(flake);
  const unmatched = cachesWithoutKey.filter(({ cache }) => cache !== undefined && !configuredCaches(flake).includes(cache.url));
  if (!isComplete(flake) || unmatched.length > 0) return [];
  return keysWithoutCache.flatMap(({ element, key }) => {
    if (key === undefined || configuredCaches(flake).some((url) => isKeyOf(key, url))) return [];
    return [
      finding('key-no-substituter', {
        message: message(`nixConfig trusts key "${plainText(key.name, 48)}" but adds no cache for it`),
        subject: { kind: 'key', id: key.text },
        place: inNix(element.textSpan),
        fixes: [
          { kind: 'edit', title: 'Remove the key', place: inNix(withSpaceBefore(element.span, flake.flakeNixText)), newText: '' },
        ],
      }),
    ];
  });
}

/** Takes the white space in front with it, so that no empty line remains. */
function withSpaceBefore(span: Span, text = ''): Span {
  let { start } = span;
  while (start > 0 && /\s/.test(text[start - 1] ?? '')) start -= 1;
  return { start, end: span.end };
}
