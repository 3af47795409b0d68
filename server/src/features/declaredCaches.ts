/** What to know of the caches and keys that a flake names, before one accepts them. */
import { knownKeysOfName } from '../domain/knownKeys';
import { describePublicKeyError, parsePublicKey, type TrustedKeys } from '../domain/publicKey';
import type { CheckKeyResult, DeclaredCache } from '../protocol';
import type { FlakeView } from './view';
import { cacheName } from './words';

/** Lists them with warnings. */
export function declaredCaches({ declared, configuration }: FlakeView): DeclaredCache[] {
  return declared.map(({ url, keys, state, substituter }) => ({
    url,
    keys,
    state,
    warnings: [
      ...(substituter.scheme === 'http' ? ['Plain http: anybody on the way can change its answers.'] : []),
      ...(substituter.askable ? [] : [`Flake Trust cannot ask it: ${substituter.reason ?? 'another kind of store'}.`]),
      ...(keys.length === 0 ? ['No key is named that could sign for it.'] : []),
      ...keys.flatMap((key) => keyWarnings(key, configuration.trusted)),
    ],
  }));
}

/** Judges a text that somebody wants to add as a key; without a warning, the message says what is known of the key. */
export function checkKey(text: string, trusted: TrustedKeys): CheckKeyResult {
  const parsed = parsePublicKey(text.trim());
  if (!parsed.ok) return { ok: false, message: `This ${describePublicKeyError(parsed.error)}.` };
  const key = parsed.value;
  if (trusted.byName.get(key.name)?.text === key.text)
    return { ok: true, message: 'This key is among your trusted keys already.' };
  const [warning] = keyWarnings(key.text, trusted);
  if (warning !== undefined) return { ok: true, message: warning };
  const known = knownKeysOfName(key.name).find((candidate) => candidate.key === key.text);
  if (known === undefined)
    return { ok: true, message: 'Flake Trust does not know this key. Compare it with what its owner publishes.' };
  return { ok: true, message: `Known as the key of ${cacheName(known.cache)}.` };
}

function keyWarnings(text: string, trusted: TrustedKeys): string[] {
  const parsed = parsePublicKey(text);
  if (!parsed.ok) return [`A key ${describePublicKeyError(parsed.error)}.`];
  const { name, text: canonical } = parsed.value;
  const own = trusted.byName.get(name);
  const known = knownKeysOfName(name);
  const same = known.find(({ key }) => key === canonical);
  const [other] = known;
  return [
    ...(own !== undefined && own.text !== canonical ? [`You trust another key of the name ${name}.`] : []),
    ...(same === undefined && other !== undefined
      ? [`${cacheName(other.cache)} is known to use another key of the name ${name}.`]
      : []),
    ...(same?.neverTrust === true ? ['A test key: nobody should trust it.'] : []),
    ...(same?.tenancy === 'shared' ? [`Many tenants of ${cacheName(same.cache)} share the key ${name}.`] : []),
  ];
}
