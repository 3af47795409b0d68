import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import { describePublicKeyError, parsePublicKey } from '../publicKey';
import { inNix, message, type CheckedFlake } from './checkedFlake';
import { keyElements } from './nixConfigCaches';

/** Keys of `nixConfig` that are none. Once they are accepted every Nix command fails. Of a text after the name nothing is shown: it may be secret. */
export function keyMalformed(flake: CheckedFlake): readonly Finding[] {
  return keyElements(flake).flatMap(({ element }) => {
    const parsed = parsePublicKey(element.value);
    if (parsed.ok) return [];
    const name = plainText(element.value.split(':', 1)[0] ?? '', 30);
    return [
      finding('key-malformed', {
        message: message(`Public key "${name}" ${describePublicKeyError(parsed.error)}`),
        subject: { kind: 'key', id: name },
        place: inNix(element.textSpan),
        evidence: { problem: parsed.error.kind },
      }),
    ];
  });
}
