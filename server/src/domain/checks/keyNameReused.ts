import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import { knownKeysOfName } from '../knownKeys';
import type { PublicKey } from '../publicKey';
import { inNix, message, type CheckedFlake } from './checkedFlake';
import { keyElements } from './nixConfigCaches';

/**
 * Keys of `nixConfig` with the name of a key that is trusted or well known, but other bytes. Nix tells keys apart by name and the
 * first one wins, so a stranger's key can take the place of the right one, or look like it to a reader.
 */
export function keyNameReused(flake: CheckedFlake): readonly Finding[] {
  const seen = new Map<string, PublicKey>();
  return keyElements(flake).flatMap(({ element, key }) => {
    if (key === undefined) return [];
    const other = otherKey(flake, key, seen.get(key.name));
    if (!seen.has(key.name)) seen.set(key.name, key);
    if (other === undefined) return [];
    return [
      finding('key-name-reused', {
        message: message(`Key "${plainText(key.name, 48)}" has other bytes than ${other.whose} of that name`),
        subject: { kind: 'key', id: key.text },
        place: inNix(element.textSpan),
        evidence: { here: key.text, there: other.text },
      }),
    ];
  });
}

function otherKey(
  { options }: CheckedFlake,
  key: PublicKey,
  earlier: PublicKey | undefined,
): { readonly whose: string; readonly text: string } | undefined {
  const trusted = options.trusted?.byName.get(key.name);
  if (trusted !== undefined) return trusted.text === key.text ? undefined : { whose: 'your trusted key', text: trusted.text };
  const known = knownKeysOfName(key.name);
  const [firstKnown] = known;
  if (firstKnown !== undefined && !known.some((each) => each.key === key.text)) {
    return { whose: 'the known key', text: firstKnown.key };
  }
  return earlier === undefined || earlier.text === key.text ? undefined : { whose: 'the key above', text: earlier.text };
}
