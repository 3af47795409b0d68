import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import { inNix, message, type CheckedFlake } from './checkedFlake';
import { configuredCaches, isComplete, isKeyOf, isOfficialOrMirror, pairing } from './nixConfigCaches';

/**
 * Caches that `nixConfig` adds while no key could sign for them: Nix would ask them for every path and refuse every answer, or the
 * author expects that signatures are not checked. Nothing is said while other keys are left over that may be theirs.
 */
export function substituterNoKey(flake: CheckedFlake): readonly Finding[] {
  const { cachesWithoutKey, keysWithoutCache } = pairing(flake);
  if (!isComplete(flake) || keysWithoutCache.length > 0) return [];
  const configured = new Set(configuredCaches(flake));
  const trusted = [...(flake.options.trusted?.byName.values() ?? [])];
  return cachesWithoutKey.flatMap(({ element, cache }) => {
    if (cache === undefined || configured.has(cache.url) || isOfficialOrMirror(cache.url)) return [];
    if (cache.trusted || trusted.some((key) => isKeyOf(key, cache.url))) return [];
    return [
      finding('substituter-no-key', {
        message: message(`nixConfig adds cache ${plainText(cache.url, 60)} but no key that could sign for it`),
        subject: { kind: 'cache', id: cache.url },
        place: inNix(element.textSpan),
      }),
    ];
  });
}
