import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import type { NixConfigSetting } from '../flakeNix';
import { inNix, message, type CheckedFlake } from './checkedFlake';
import { substituterElements } from './nixConfigCaches';

/** What a setting does once accepted, as a clause after its name; every one of them reaches beyond this flake. */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['flake-registry', 'decides, without asking, what names of inputs mean'],
  ['netrc-file', 'decides which passwords are sent to caches'],
  ['access-tokens', 'decides which tokens are sent to forges'],
  ['trusted-users', 'makes users equal to root'],
  ['trusted-substituters', 'lets any user choose further caches'],
  ['secret-key-files', 'makes further keys trusted'],
  ['ssl-cert-file', 'decides which servers count as genuine'],
  ['post-build-hook', 'runs a program after every build'],
  ['pre-build-hook', 'runs a program before every build'],
  ['build-hook', 'runs a program for every build'],
  ['diff-hook', 'runs a program when builds differ'],
  ['plugin-files', 'loads code into Nix itself'],
  ['builders', 'decides which machines build'],
  ['sandbox-paths', 'shows builds files of this machine'],
  ['allow-unsafe-native-code-during-evaluation', 'lets evaluation run any code'],
]);

/** Settings that matter only with one value. */
const VALUES: ReadonlyMap<string, readonly [value: string, clause: string]> = new Map([
  ['require-sigs', ['false', 'accepts paths that nobody signed']],
  ['sandbox', ['false', 'builds without a sandbox']],
  ['accept-flake-config', ['true', 'accepts the config of every flake']],
]);

/**
 * Settings of `nixConfig` that change whom or what this machine trusts, other than caches and keys; and caches with `?trusted=1`, whose
 * paths Nix takes without any signature.
 */
export function registryOverride(flake: CheckedFlake): readonly Finding[] {
  return [...settings(flake), ...cachesBeyondSignatures(flake)];
}

function cachesBeyondSignatures(flake: CheckedFlake): readonly Finding[] {
  return substituterElements(flake).flatMap(({ element, cache }) =>
    cache?.trusted === true
      ? [
          finding('registry-override', {
            message: message(
              `nixConfig adds cache ${plainText(cache.url, 44)} with "trusted", which accepts paths that nobody signed`,
            ),
            subject: { kind: 'cache', id: cache.url },
            place: inNix(element.textSpan),
          }),
        ]
      : [],
  );
}

function settings({ flakeNix }: CheckedFlake): readonly Finding[] {
  return (flakeNix?.nixConfig ?? []).flatMap((setting) => {
    const clause = clauseOf(setting);
    if (clause === undefined) return [];
    const name = plainText(setting.name, 44);
    return [
      finding('registry-override', {
        message: message(`nixConfig sets "${name}", which ${clause}`),
        subject: { kind: 'file', id: `flake.nix:nixConfig.${name}` },
        place: inNix(setting.nameSpan),
        evidence: { setting: name, ...(setting.value === undefined ? {} : { value: plainText(setting.value, 200) }) },
      }),
    ];
  });
}

function clauseOf({ name, value, computed }: NixConfigSetting): string | undefined {
  const setting = name.replace(/^extra-/, '');
  const clause = SETTINGS.get(setting);
  if (clause !== undefined) return clause;
  const [dangerous, consequence] = VALUES.get(setting) ?? [];
  return !computed && value === dangerous ? consequence : undefined;
}
