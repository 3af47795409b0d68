/** The netrc file as libcurl reads it, which Nix uses for every download. Passwords stay in memory and are never printed. */

/** One `machine` or `default` of a netrc file. */
export interface NetrcEntry {
  /** Absent for `default`, which matches every host. */
  readonly machine?: string;
  /** Empty when the entry has only a password, as token caches want it. */
  readonly login: string;
  readonly password: string;
}

interface Draft {
  readonly machine: string | undefined;
  login?: string;
  password?: string;
}

/**
 * Parses a netrc file. Keywords in any case, white space and line ends alike, `#` starts a comment in front of a word, a word
 * may be in double quotes with `\"`, `\n`, `\r`, `\t`; a macro ends at an empty line. An unfinished quote ends the reading, with which
 * libcurl fails; entries complete before it count. Entries without login and password are left out.
 *
 * @see lib/netrc.c of curl. Where `machine` or `default` follows an entry that has only a password, some versions (7.88) lose that
 *   password; here the next entry simply begins.
 */
export function parseNetrc(text: string): readonly NetrcEntry[] {
  const drafts: Draft[] = [];
  let expected: 'keyword' | 'machine' | 'login' | 'password' = 'keyword';
  let inMacro = false;
  for (const line of text.split('\n')) {
    if (inMacro) {
      inMacro = line !== '' && line !== '\r';
      continue;
    }
    const { words, complete } = splitLine(line);
    for (const word of words) {
      const draft = drafts.at(-1);
      if (expected === 'keyword') {
        const keyword = word.toLowerCase();
        if (keyword === 'macdef') {
          inMacro = true;
          break;
        }
        if (keyword === 'default') drafts.push({ machine: undefined });
        else if (keyword === 'machine' || keyword === 'login' || keyword === 'password') expected = keyword;
        continue;
      }
      if (expected === 'machine') drafts.push({ machine: word });
      else if (draft !== undefined) draft[expected] = word;
      expected = 'keyword';
    }
    if (!complete) {
      const last = drafts.at(-1);
      if (last?.login === undefined || last.password === undefined) drafts.pop();
      break;
    }
  }
  return drafts.flatMap(({ machine, login, password }) =>
    login === undefined && password === undefined
      ? []
      : [{ ...(machine === undefined ? {} : { machine }), login: login ?? '', password: password ?? '' }],
  );
}

/** Gives the credentials for a host: the first entry that names it or is `default`. A port in `machine` never matches. */
export function netrcCredentials(
  entries: readonly NetrcEntry[],
  host: string,
): { readonly login: string; readonly password: string } | undefined {
  const wanted = host.toLowerCase();
  const entry = entries.find(({ machine }) => machine === undefined || machine.toLowerCase() === wanted);
  return entry === undefined ? undefined : { login: entry.login, password: entry.password };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** The words of a line up to a comment; not `complete` when a quote is left open. */
function splitLine(line: string): { readonly words: readonly string[]; readonly complete: boolean } {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at])) at++;
    if (at >= line.length || line[at] === '#') return { words, complete: true };
    if (line[at] !== '"') {
      const start = at;
      while (at < line.length && !isSpace(line[at])) at++;
      words.push(line.slice(start, at));
      continue;
    }
    const characters: string[] = [];
    for (at++; at < line.length && line[at] !== '"'; at++) {
      let character = line.charAt(at);
      if (character === '\\') {
        at++;
        if (at >= line.length) break;
        character = ESCAPES.get(line.charAt(at)) ?? line.charAt(at);
      }
      characters.push(character);
    }
    if (at >= line.length) return { words, complete: false };
    at++;
    words.push(characters.join(''));
  }
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\v' || character === '\f';
}
