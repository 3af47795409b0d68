/** What Nix wrote on standard error, in words that help. */
import { stripVTControlCharacters } from 'node:util';
import type { NixFailure } from '../../engine/ports';
import { plainText } from '../../util/plainText';

/** Nix repeats a trace around an error; what is not among its last messages has been said better by them. */
const MAX_MESSAGES = 3;

interface Known {
  readonly pattern: RegExp;
  readonly reason: NixFailure['reason'];
  readonly hint: string;
}

const KNOWN: readonly Known[] = [
  {
    pattern: /allow-import-from-derivation/,
    reason: 'needs-import-from-derivation',
    hint: 'To evaluate this, Nix would have to build something first (import from derivation). Allow that only for a flake whose code you trust.',
  },
  {
    pattern: /requires lock file changes|cannot write modified lock file|lock file changes but they're not allowed/,
    reason: 'lock-needs-changes',
    hint: 'flake.lock does not fit flake.nix. Run "nix flake lock", look at what changed, then audit again.',
  },
  {
    pattern: /does not provide attribute|attribute '[^']*' (?:in selection path '[^']*' )?(?:missing|not found)/,
    reason: 'missing-attribute',
    hint: 'The flake has no such output for this system; "nix flake show" lists those it has.',
  },
  {
    pattern: /experimental (?:Nix )?feature|unrecognised (?:flag|command)|is not a recognised command/,
    reason: 'too-old',
    hint: 'This Nix does not know what it was asked; Nix 2.8 is the oldest that is supported.',
  },
  {
    pattern: /does not exist|getting status of .*flake\.nix|could not find a flake\.nix file|is not part of a flake/,
    reason: 'evaluation',
    hint: 'In a git repository Nix sees only files that git knows: "git add" new ones.',
  },
];

/** Tells why Nix failed, from what it wrote; `status` is its exit code. */
export function describeNixFailure(stderr: string, status: number): NixFailure {
  const lines = stripVTControlCharacters(stderr).split('\n');
  const messages: string[] = [];
  let place: string | undefined;
  for (const [index, line] of lines.entries()) {
    const error = /^\s*error:\s*(.*)$/.exec(line)?.[1];
    if (error !== undefined) {
      const text = plainText(error === '' ? firstWordsAfter(lines, index) : error, 400);
      if (text !== '' && !messages.includes(text)) messages.push(text);
      place = undefined;
    }
    place ??= /^\s*(at [^\s]+\.nix:\d+(?::\d+)?):?\s*$/.exec(line)?.[1];
  }
  // Only what Nix calls an error decides: a warning may quote the flake.
  const known = KNOWN.find(({ pattern }) => messages.some((message) => pattern.test(message)));
  const last = plainText(lines.findLast((line) => line.trim() !== '') ?? '', 400);
  const said = messages.length === 0 ? last : messages.slice(-MAX_MESSAGES).join('; ');
  const message = said === '' ? `Nix ended with exit code ${status} and said nothing` : said;
  return {
    kind: 'failed',
    reason: known?.reason ?? (messages.length === 0 ? 'failed' : 'evaluation'),
    message: place === undefined ? message : `${message} (${plainText(place, 200)})`,
    ...(known === undefined ? {} : { hint: known.hint }),
  };
}

/** Newer versions print `error:` alone, then the trace, then the innermost error, which is found as one of its own. */
function firstWordsAfter(lines: readonly string[], index: number): string {
  const next = lines[index + 1]?.trim() ?? '';
  return next.startsWith('…') || next.startsWith('error:') || next.startsWith('at ') ? '' : next;
}
