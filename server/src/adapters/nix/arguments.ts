/** The words that keep Nix from doing more than evaluate; each constant is part of a command line. */
import type { Environment, NixFlake } from '../../engine/ports';

/** Holds for every command: no setting of the flake counts, no native code is loaded, and the language is new enough. */
export const ALWAYS: readonly string[] = [
  '--extra-experimental-features',
  'nix-command flakes',
  '--no-accept-flake-config',
  '--option',
  'allow-unsafe-native-code-during-evaluation',
  'false',
];

/** Should a command want to build after all, there is nobody who could: no job here, no other machine. */
export const NO_BUILDING: readonly string[] = ['--option', 'max-jobs', '0', '--option', 'builders', ''];

/** Import from derivation would build foreign code in the middle of evaluation. */
export const NO_IMPORT: readonly string[] = ['--option', 'allow-import-from-derivation', 'false'];

/** For commands that look paths up: they would ask caches, whose answers we want to verify ourselves. */
export const NO_SUBSTITUTION: readonly string[] = ['--option', 'substitute', 'false'];

/** Nix stops where the lock would have to change. `--no-write-lock-file` would go on, with inputs that nobody locked. */
export const LOCK_AS_IT_IS: readonly string[] = ['--no-update-lock-file'];

/** The flags for evaluating a flake. */
export function flakeFlags({ allowImportFromDerivation = false }: NixFlake): string[] {
  const evaluationOnly = allowImportFromDerivation ? [] : [...NO_IMPORT, ...NO_BUILDING];
  return [...ALWAYS, ...LOCK_AS_IT_IS, ...evaluationOnly];
}

/**
 * Tells whether a word can be handed to Nix as an installable. One that begins with a dash would be taken for an option, which could, say, allow
 * building again.
 */
export function isInstallable(text: string): boolean {
  return text !== '' && text.length <= 4096 && !text.startsWith('-') && !/\p{Cc}/u.test(text);
}

/**
 * The variables that Nix is started with. Git, which Nix starts in the flake's folder, would run programs that the folder's own `.git/config` names
 * (an archive can bring one along): file system monitor and hooks are off. Nobody is asked for a password.
 */
export function nixVariables({ variables }: Environment, searchPath: string): Record<string, string | undefined> {
  const before = /^\d{1,3}$/.test(variables['GIT_CONFIG_COUNT'] ?? '') ? Number(variables['GIT_CONFIG_COUNT']) : 0;
  return {
    ...variables,
    PATH: searchPath,
    TERM: 'dumb',
    NO_COLOR: '1',
    LC_ALL: 'C.UTF-8',
    GIT_TERMINAL_PROMPT: '0',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_CONFIG_COUNT: String(before + 2),
    [`GIT_CONFIG_KEY_${before}`]: 'core.fsmonitor',
    [`GIT_CONFIG_VALUE_${before}`]: 'false',
    [`GIT_CONFIG_KEY_${before + 1}`]: 'core.hooksPath',
    [`GIT_CONFIG_VALUE_${before + 1}`]: '/dev/null',
  };
}
