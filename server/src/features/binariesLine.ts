/** The line about the binaries of an input: how many of its outputs are signed, by whom, in which cache, and when that was found out. */
import type { InputFacts } from '../domain/flakeFacts';
import type { InputReport } from '../domain/inputsReport';
import { plainText } from '../util/plainText';
import type { Line, Piece } from './richText';
import { plural } from './summary';
import { reportOf, type FlakeView } from './view';
import { ago, cacheName } from './words';

type Binaries = NonNullable<InputReport['binaries']>;

/** So many keys and caches are named. */
const MAX_NAMED = 3;

/** Makes the line; it says so where nothing was checked, and how to. */
export function binariesLine(view: FlakeView, input: InputFacts): Line {
  const label = 'Binaries';
  if (!input.flake) return { icon: 'circle-outline', label, facts: [['not a flake, so it names no packages']] };
  const binaries = reportOf(view, input.path)?.binaries;
  const canCheck = view.access !== 'restricted' && view.access !== 'offline';
  const check = (words: string): Piece[] =>
    canCheck
      ? [
          {
            command: 'checkBinaries',
            label: words,
            argument: view.references.idOf({ kind: 'input', dir: view.dir, path: input.path }),
          },
        ]
      : [];
  if (binaries === undefined) {
    const pending = view.report === undefined || view.binariesPending === true;
    return {
      icon: 'circle-outline',
      label,
      facts: [
        ['built from it: ', pending ? 'what is remembered is being looked up' : 'not checked yet'],
        check('Check Binaries'),
      ],
    };
  }
  const { outputs, verified } = binaries;
  return {
    icon: outputs > 0 && verified === outputs ? 'verified' : 'package',
    label,
    facts: [...signedFacts(binaries), [`checked ${ago(Date.parse(binaries.checkedAt), view.now)}`], check('Check Binaries')],
  };
}

function signedFacts(binaries: Binaries): Piece[][] {
  const { outputs, verified, unknown = 0, keyNames, caches, notAsked } = binaries;
  if (outputs === 0) return [['it has no packages']];
  if (unknown === outputs) return [[`${whole(binaries)}, about which no cache could be asked`], ...privateFacts(notAsked)];
  const signers: Piece[] =
    keyNames.length === 0 ? [' signed by a key that you trust'] : [' signed by ', ...named(keyNames), ', verified'];
  return [
    [`${verified} of ${whole(binaries)}`, ...signers],
    ...(caches.length === 0 ? [] : [['from ', ...named(caches.map(cacheName))]]),
    ...shortfalls(binaries).map((text) => [text]),
    ...privateFacts(notAsked),
  ];
}

/** What was looked at. */
function whole({ outputs, sampled = false }: Binaries): string {
  return `${sampled ? 'a sample of ' : ''}${plural(outputs, 'output')}`;
}

/** What is known of the outputs that are not verified: a phrase for each kind that occurs. */
function shortfalls({ outputs, found, verified, unknown = 0 }: Binaries): string[] {
  const kinds: readonly (readonly [number, string])[] = [
    [found - verified, 'without such a signature'],
    [outputs - found - unknown, 'in no cache'],
    [unknown, 'could not be checked'],
  ];
  return kinds.filter(([number]) => number > 0).map(([number, text]) => `${number} ${text}`);
}

function privateFacts(notAsked: Binaries['notAsked']): Piece[][] {
  return notAsked === undefined ? [] : [[`private (${plainText(notAsked.reason, 80)}): public caches were not asked`]];
}

function named(names: readonly string[]): Piece[] {
  const shown = names.slice(0, MAX_NAMED).flatMap((code, index): Piece[] => [...(index === 0 ? [] : [', ']), { code }]);
  return names.length > MAX_NAMED ? [...shown, ` and ${names.length - MAX_NAMED} more`] : shown;
}

/** The same in one plain sentence without its full stop. */
export function binariesSummary(binaries: Binaries): string {
  const { outputs, verified, keyNames, caches, notAsked } = binaries;
  if (outputs === 0) return 'it has no packages for this system';
  const by = keyNames.length === 0 ? 'signed by a key that you trust' : `signed by ${list(keyNames)}, verified`;
  const where = caches.length === 0 ? '' : `, from ${list(caches.map(cacheName))}`;
  return [
    `${verified} of ${whole(binaries)} ${by}${where}`,
    ...shortfalls(binaries),
    ...(notAsked === undefined ? [] : ['public caches were not asked, since it is private']),
  ].join('; ');
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).map((name) => plainText(name, 60));
  return names.length > MAX_NAMED ? `${shown.join(', ')} and ${names.length - MAX_NAMED} more` : shown.join(', ');
}
