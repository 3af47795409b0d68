/** What `flake-trust vet check` prints for people: one line an input, then what was found. */
import { createColors } from 'picocolors';
import type { InputReport, InputsReport, ReportedFinding } from '../domain/inputsReport';
import { plainText } from '../util/plainText';
import { countWords, inputLabel, plural, PRUNE_WORDS, vettingWords, type Tone } from './words';

const MARKS: Readonly<Record<InputReport['vetting']['state'], string>> = {
  'no-policy': ' ',
  vetted: '✓',
  exempted: '·',
  unvetted: '?',
  expired: '!',
  'other-hash': '!',
  denied: '✗',
};

/** Prints the verdicts. They are what the repository says of itself, and the text says so. */
export function vettingText({ inputs, findings }: InputsReport, { color }: { readonly color: boolean }): string {
  const colors = createColors(color);
  const paint = (text: string, tone: Tone) =>
    ({ good: colors.green, bad: colors.red, doubtful: colors.yellow, plain: (plain: string) => plain })[tone](text);
  // An input that follows another is the same source.
  const shown = inputs.filter(({ follows }) => follows === undefined);
  const width = Math.min(40, Math.max(0, ...shown.map(({ path }) => inputLabel(path, 40).length)));
  const lines = shown.flatMap((input) => {
    const { text, tone } = vettingWords(input);
    const rules = (input.vetting.rules ?? []).filter(({ outcome }) => outcome !== 'met');
    return [
      `${paint(MARKS[input.vetting.state], tone)} ${inputLabel(input.path, 40).padEnd(width)}  ${paint(text, tone)}`,
      ...rules.map(({ rule, outcome, actual }) => {
        const value = actual === undefined ? '' : `: ${plainText(actual, 60)}`;
        return `  ${' '.repeat(width)}  ${colors.dim(`${rule.replace('-', ' ')} ${outcome === 'unknown' ? 'not known' : `not allowed${value}`}`)}`;
      }),
    ];
  });
  const replaced = shown.filter(({ vetting }) => vetting.reviewedBy !== undefined).length;
  const counted = findings.filter(({ suppressed }) => suppressed === undefined);
  const hidden = findings.filter(({ suppressed }) => suppressed !== undefined);
  return [
    ...lines,
    '',
    ...findingLines('Findings', counted, colors),
    ...findingLines('Suppressed by the policy', hidden, colors),
    `${plural(shown.length, 'input')}: ${stateCounts(shown)}; ${countWords(counted)}`,
    ...(replaced === 0 ? [] : [`${plural(replaced, 'exempted input')} reviewed as well: ${PRUNE_WORDS}`]),
    colors.dim('As the policy and the records of this repository say; nothing was asked, and nobody else vouches for it.'),
    '',
  ].join('\n');
}

function findingLines(
  title: string,
  findings: readonly ReportedFinding[],
  { bold, dim, red, yellow, cyan }: ReturnType<typeof createColors>,
): string[] {
  if (findings.length === 0) return [];
  const paint = { error: red, warning: yellow, information: cyan, hint: dim };
  const lines = findings.flatMap(({ code, severity, message, location, suppressed }) => {
    const place =
      location === undefined ? '' : ` · ${plainText(location.file, 80)}:${location.line + 1}:${location.character + 1}`;
    const why =
      suppressed === undefined ? '' : ` · ${plainText(suppressed.reason, 120)}, until ${plainText(suppressed.until, 30)}`;
    return [
      `  ${paint[severity]((severity === 'information' ? 'note' : severity).padEnd(7))} ${plainText(message, 300)}`,
      `          ${dim(`${code}${place}${why}`)}`,
    ];
  });
  return [bold(title), ...lines, ''];
}

function stateCounts(inputs: readonly InputReport[]): string {
  const states = ['vetted', 'exempted', 'unvetted', 'expired', 'other-hash', 'denied', 'no-policy'] as const;
  const counts = states.flatMap((state) => {
    const count = inputs.filter(({ vetting }) => vetting.state === state).length;
    return count === 0
      ? []
      : [
          `${count} ${state === 'other-hash' ? 'reviewed at another hash' : state === 'no-policy' ? 'of which nothing is asked' : state}`,
        ];
  });
  return counts.length === 0 ? 'nothing to vet' : counts.join(', ');
}
