/**
 * The grammar and the arithmetic of nix.conf: text into lines, lines into settings. Reading the files, in which order and
 * with which includes, is the engine's part. Source: Nix, `AbstractConfig::applyConfig` and `Config::set` in src/libutil/config.cc.
 */
import { editDistance } from '../util/editDistance';
import { plainText } from '../util/plainText';
import { parseBoolean } from './storeParameters';

/** One meaningful line of a nix.conf; lines count from one. */
export type NixConfLine =
  | { readonly kind: 'setting'; readonly name: string; readonly words: readonly string[]; readonly line: number }
  | {
      readonly kind: 'include';
      readonly file: string;
      /** `!include`: may be missing. */ readonly optional: boolean;
      readonly line: number;
    }
  | { readonly kind: 'problem'; readonly line: number; readonly message: string };

/** Where a word stands: a file's path, or `NIX_CONFIG` for the environment variable. */
export interface NixConfPlace {
  readonly file: string;
  readonly line: number;
}

/** An assignment met while reading the chain, in reading order. */
export interface NixConfAssignment extends NixConfPlace {
  readonly name: string;
  readonly words: readonly string[];
}

/** A word of a setting's value; without a place it is Nix's default. */
export interface NixConfWord {
  readonly text: string;
  readonly place?: NixConfPlace;
}

/** The result of all assignments, by canonical setting name. */
export interface NixSettings {
  readonly values: ReadonlyMap<string, readonly NixConfWord[]>;
  readonly problems: readonly (NixConfPlace & { readonly message: string })[];
}

/** Nix's own defaults: the same in 2.8, 2.26 and 2.34. */
const DEFAULTS: readonly (readonly [name: string, ...words: string[]])[] = [
  ['substituters', 'https://cache.nixos.org/'],
  ['trusted-substituters'],
  ['trusted-public-keys', 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY='],
  ['require-sigs', 'true'],
  ['accept-flake-config', 'false'],
  ['substitute', 'true'],
  ['fallback', 'false'],
  ['trusted-users', 'root'],
  ['allowed-users', '*'],
  ['secret-key-files'],
];

/** Older spellings that Nix still takes. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['binary-caches', 'substituters'],
  ['trusted-binary-caches', 'trusted-substituters'],
  ['binary-cache-public-keys', 'trusted-public-keys'],
  ['build-use-substitutes', 'substitute'],
  ['build-fallback', 'fallback'],
  ['binary-caches-parallel-connections', 'http-connections'],
  ['build-max-jobs', 'max-jobs'],
  ['build-cores', 'cores'],
  ['build-use-sandbox', 'sandbox'],
  ['build-use-chroot', 'sandbox'],
  ['build-sandbox-paths', 'sandbox-paths'],
  ['build-chroot-dirs', 'sandbox-paths'],
]);

const BOOLEANS: ReadonlySet<string> = new Set([
  'require-sigs',
  'accept-flake-config',
  'substitute',
  'fallback',
  'builders-use-substitutes',
]);

/** Settings that hold one text, to which `extra-` adds nothing. */
const TEXTS: ReadonlySet<string> = new Set([
  'netrc-file',
  'ssl-cert-file',
  'flake-registry',
  'store',
  'post-build-hook',
  'http-connections',
]);

/**
 * Names of settings whose values are secrets (`access-tokens`, `impure-env`), misspelt ones included: their words are dropped
 * where the line is read, so that nothing later can show them.
 */
const SECRET = /token|password|credential|impure-env/i;

const NO_SETTING = 'is not of the form `name = value`';
const REFUSES = 'Nix refuses to start with it.';

/** Reads the lines of one file. A line in error makes Nix refuse the whole configuration; here it is a problem, and the others count. */
export function parseNixConf(text: string): readonly NixConfLine[] {
  const lines: NixConfLine[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    const parsed = parseLine(content, index + 1);
    if (parsed !== undefined) lines.push(parsed);
  }
  return lines;
}

function parseLine(content: string, line: number): NixConfLine | undefined {
  // `#` starts a comment anywhere, even inside a word: there is no quoting.
  const [name, sign, ...rest] = words(content.split('#', 1)[0] ?? '');
  if (name === undefined) return undefined;
  if (name === 'include' || name === '!include') {
    if (sign === undefined || rest.length > 0)
      return { kind: 'problem', line, message: `\`${name}\` takes one file: ${REFUSES}` };
    return { kind: 'include', file: sign, optional: name === '!include', line };
  }
  if (sign !== '=') {
    // The line is not quoted: it may hold an access token.
    const hint = /^[a-z][a-z0-9-]*=/.test(name) ? 'has no spaces around `=`' : NO_SETTING;
    return { kind: 'problem', line, message: `This line ${hint}: ${REFUSES}` };
  }
  return { kind: 'setting', name, words: SECRET.test(name) ? [] : rest, line };
}

/** Splits at what Nix's `tokenizeString` takes for white space, so that CRLF files read the same. */
function words(text: string): readonly string[] {
  return text.split(/[ \t\r]+/).filter((word) => word !== '');
}

/**
 * Applies assignments in reading order: a plain name replaces everything before it, earlier `extra-` ones included; `extra-`
 * adds to what is there so far, the default included.
 */
export function applyNixConf(assignments: readonly NixConfAssignment[]): NixSettings {
  const values = new Map<string, NixConfWord[]>();
  for (const [name, ...defaults] of DEFAULTS)
    values.set(
      name,
      defaults.map((text) => ({ text })),
    );
  const problems: (NixConfPlace & { message: string })[] = [];
  for (const { name: written, words: texts, file, line } of assignments) {
    const { name, append } = canonicalName(written);
    const isBoolean = BOOLEANS.has(name);
    if (append && (isBoolean || TEXTS.has(name))) {
      problems.push({ file, line, message: `\`${plainText(name)}\` is no list, so Nix ignores \`${plainText(written)}\`.` });
      continue;
    }
    if (isBoolean && parseBoolean(texts.join(' ')) === undefined) {
      problems.push({ file, line, message: `\`${plainText(written)}\` must be true or false: ${REFUSES}` });
      continue;
    }
    const meant = values.has(name) ? undefined : misspelt(name);
    if (meant !== undefined) {
      problems.push({
        file,
        line,
        message: `Nix does not know \`${plainText(written)}\` and ignores it: perhaps \`${meant}\` is meant.`,
      });
    }
    const place = { file, line };
    const current = append ? values.get(name) : undefined;
    const added = texts.map((text) => ({ text, place }));
    if (current === undefined) values.set(name, added);
    else for (const word of added) current.push(word);
  }
  return { values, problems };
}

/** Resolves aliases and the prefix `extra-`. `extra-platforms` is a setting of its own. */
export function canonicalName(written: string): { readonly name: string; readonly append: boolean } {
  const append = written.startsWith('extra-') && written !== 'extra-platforms';
  const bare = append ? written.slice('extra-'.length) : written;
  return { name: ALIASES.get(bare) ?? bare, append };
}

/** Names that decide about caches and keys, long enough that a slip of two letters hits no other setting of Nix. */
const WORTH_SPELLING = [...DEFAULTS.map(([name]) => name), ...ALIASES.keys(), ...TEXTS].filter((name) => name.length >= 10);

function misspelt(name: string): string | undefined {
  if (ALIASES.has(name) || TEXTS.has(name) || BOOLEANS.has(name) || name.length > 40) return undefined;
  return WORTH_SPELLING.find((known) => Math.abs(known.length - name.length) <= 2 && editDistance(name, known) <= 2);
}
