import { plainText } from '../../util/plainText';
import { finding, type Finding, type Fix } from '../finding';
import { askedOfRootInput } from '../flakeFacts/declared';
import type { InputFacts } from '../flakeFacts/types';
import { printFlakeRef, stringAttr, type AttrValue, type FlakeAttrs } from '../flakeRef';
import { inNix, inputPlace, inputSubject, message, quoted, referencePlace, type CheckedFlake } from './checkedFlake';

/** Inputs that name no source but an entry of the flake registry, which can change, or be another one on another machine. */
export function indirectRef(flake: CheckedFlake): readonly Finding[] {
  const notLocked = flake.inputs.filter(({ resolution }) => resolution.kind === 'not-locked');
  return [...flake.nodes, ...notLocked].flatMap((input) => {
    if (stringAttr(referenceOf(input), 'type') !== 'indirect') return [];
    const locked = input.attrs === undefined ? undefined : lockedReference(input.attrs, referenceOf(input));
    const gave = locked === undefined ? '' : `, which gave ${plainText(printFlakeRef(locked), 48)}`;
    return [
      finding('indirect-ref', {
        message: message(`Input ${quoted(input.path, 28)} is looked up in the flake registry${gave}`),
        subject: inputSubject(input.path),
        ...(input.path.length === 1 && input.declared !== undefined
          ? { place: referencePlace(input.declared) }
          : inputPlace(input)),
        ...(locked === undefined ? {} : { evidence: { locked: printFlakeRef(locked) }, fixes: replacement(input, locked) }),
      }),
    ];
  });
}

const NOTHING: FlakeAttrs = new Map();

function referenceOf(input: InputFacts): FlakeAttrs {
  if (input.original !== undefined) return input.original;
  const asked = input.declared === undefined ? undefined : askedOfRootInput(input.declared);
  return asked?.kind === 'reference' ? asked.attrs : NOTHING;
}

const SOURCE_ATTRIBUTES = ['type', 'owner', 'repo', 'host', 'url', 'dir', 'path'];

/** The source that the registry gave, with the branch or commit that was asked for. */
function lockedReference(locked: FlakeAttrs, asked: FlakeAttrs): FlakeAttrs {
  const attrs = new Map<string, AttrValue>([...locked].filter(([name]) => SOURCE_ATTRIBUTES.includes(name)));
  for (const name of ['ref', 'rev']) {
    const value = asked.get(name);
    if (value !== undefined) attrs.set(name, value);
  }
  return attrs;
}

/** A path is of this machine only: nothing to write into flake.nix. */
function replacement({ path, declared }: InputFacts, locked: FlakeAttrs): readonly Fix[] {
  const url = path.length === 1 ? declared?.url : undefined;
  if (url?.kind !== 'string' || stringAttr(locked, 'type') === 'path') return [];
  const newText = printFlakeRef(locked);
  if (!/^[\w.~:/@?=&%+-]+$/.test(newText)) return [];
  return [{ kind: 'edit', title: `Replace with \`${newText}\``, place: inNix(url.textSpan), newText }];
}
