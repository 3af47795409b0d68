import { finding, type Finding } from '../finding';
import { askedOfRootInput } from '../flakeFacts/declared';
import type { InputFacts } from '../flakeFacts/types';
import { stringAttr, type FlakeAttrs } from '../flakeRef';
import { inputPlace, inputSubject, message, quoted, referencePlace, type CheckedFlake } from './checkedFlake';

/** Sources at an absolute place of this machine: nobody else can fetch or review them. Relative paths lie in the flake itself. */
export function localPathInput(flake: CheckedFlake): readonly Finding[] {
  const notLocked = flake.inputs.filter(({ resolution }) => resolution.kind === 'not-locked');
  return [...flake.nodes, ...notLocked].flatMap((input) => {
    const isDeclared = input.path.length === 1 && isLocal(declaredAttrs(input));
    if (!isDeclared && !isLocal(input.attrs)) return [];
    return [
      finding('local-path-input', {
        message: message(`Input ${quoted(input.path)} points to a path on this machine`),
        subject: inputSubject(input.path),
        ...(isDeclared && input.declared !== undefined ? { place: referencePlace(input.declared) } : inputPlace(input)),
      }),
    ];
  });
}

function declaredAttrs({ declared }: InputFacts): FlakeAttrs | undefined {
  const asked = declared === undefined ? undefined : askedOfRootInput(declared);
  return asked?.kind === 'reference' ? asked.attrs : undefined;
}

function isLocal(attrs: FlakeAttrs | undefined): boolean {
  if (attrs === undefined) return false;
  if (attrs.get('type') === 'path') return /^[/~]/.test(stringAttr(attrs, 'path') ?? '');
  return /^(?:file:\/|\/|~)/.test(stringAttr(attrs, 'url') ?? '');
}
