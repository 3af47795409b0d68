import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import { knownKeysOfName } from '../knownKeys';
import type { PublicKey } from '../publicKey';
import { inNix, message, type CheckedFlake } from './checkedFlake';
import { keyElements, pairing } from './nixConfigCaches';

/** Keys that the user does not trust yet and would, by accepting this `nixConfig`: for every path of every cache. Once for each key. */
export function nixConfigWidensTrust(flake: CheckedFlake): readonly Finding[] {
  const { cacheOfKey } = pairing(flake);
  const told = new Set<string>();
  return keyElements(flake).flatMap(({ element, key }) => {
    if (key === undefined || told.has(key.text) || isTrusted(flake, key)) return [];
    told.add(key.text);
    const cache = cacheOfKey.get(key.text);
    const where = cache === undefined ? 'every cache' : `cache ${plainText(cache.url.replace(/^https?:\/\//, ''), 32)}`;
    return [
      finding('nixconfig-widens-trust', {
        message: message(`Accepting this flake's config would add key "${plainText(key.name, 34)}" for ${where}`),
        subject: { kind: 'key', id: key.text },
        place: inNix(element.textSpan),
        evidence: { key: key.text, ...(cache === undefined ? {} : { cache: cache.url }) },
      }),
    ];
  });
}

/** Without a configuration at hand, the key that Nix trusts by itself counts. */
function isTrusted({ options }: CheckedFlake, key: PublicKey): boolean {
  if (options.trusted !== undefined) return options.trusted.byName.get(key.name)?.text === key.text;
  return knownKeysOfName(key.name).some((known) => known.key === key.text && known.cache === 'https://cache.nixos.org');
}
