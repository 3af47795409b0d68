import { plainText } from '../../util/plainText';
import { finding, type Finding, type Fix } from '../finding';
import { inNix, message, type CheckedFlake } from './checkedFlake';
import { substituterElements } from './nixConfigCaches';

/**
 * Caches that `nixConfig` adds over plain http. Signatures still hold, but whoever sits on the line sees what is fetched, can leave
 * paths out, and chooses the cache's priority. Loopback addresses are left alone.
 */
export function substituterInsecure(flake: CheckedFlake): readonly Finding[] {
  return substituterElements(flake).flatMap(({ element, cache }) => {
    if (cache?.scheme !== 'http' || /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(cache.host ?? '')) return [];
    const { start } = element.textSpan;
    const isPlain = flake.flakeNixText?.startsWith('http://', start) === true;
    const fixes: readonly Fix[] = isPlain
      ? [{ kind: 'edit', title: 'Use https', place: inNix({ start, end: start + 'http'.length }), newText: 'https' }]
      : [];
    return [
      finding('substituter-insecure', {
        message: message(`nixConfig adds cache ${plainText(cache.url, 70)} over plain http`),
        subject: { kind: 'cache', id: cache.url },
        place: inNix(element.textSpan),
        fixes,
      }),
    ];
  });
}
