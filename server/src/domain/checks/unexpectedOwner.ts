import { plainText } from '../../util/plainText';
import { finding, type Finding, type Place } from '../finding';
import type { InputFacts } from '../flakeFacts/types';
import { forgeRepository, sourceOwner, stringAttr, type FlakeAttrs } from '../flakeRef';
import { inNix, inputPlace, inputSubject, message, plainLiteral, quoted, type CheckedFlake } from './checkedFlake';

/**
 * Sources of owners that are not in the user's list. An entry is `owner`, or `host/owner` for that owner on one host alone;
 * case does not count, as on the forges. Sources without an owner (paths, plain URLs) are not judged.
 */
export function unexpectedOwner(flake: CheckedFlake): readonly Finding[] {
  const { allowedOwners } = flake.options;
  if (allowedOwners === undefined || allowedOwners.length === 0) return [];
  const allowed = new Set(allowedOwners.map((owner) => owner.toLowerCase()));
  return flake.nodes.flatMap((input) => {
    const { attrs } = input;
    const owner = attrs === undefined ? undefined : sourceOwner(attrs);
    if (attrs === undefined || owner === undefined) return [];
    const { host, name } = owner;
    if (allowed.has(name.toLowerCase()) || allowed.has(`${host}/${name}`.toLowerCase())) return [];
    return [
      finding('unexpected-owner', {
        message: message(`Input ${quoted(input.path)}: owner "${plainText(name, 40)}" is not in your allowed list`),
        subject: inputSubject(input.path),
        ...(ownerPlace(flake, input, name) ?? inputPlace(input)),
        evidence: { owner: plainText(name, 200), host: plainText(host, 200), repository: plainText(repositoryOf(attrs), 200) },
      }),
    ];
  });
}

function repositoryOf(attrs: FlakeAttrs): string {
  return forgeRepository(attrs)?.path ?? stringAttr(attrs, 'type') ?? '';
}

/** The owner's name in the URL, or as attribute. */
function ownerPlace(flake: CheckedFlake, { path, declared }: InputFacts, owner: string): { readonly place: Place } | undefined {
  if (path.length !== 1 || declared === undefined) return undefined;
  const attribute = declared.attrs.get('owner');
  if (attribute !== undefined && 'textSpan' in attribute) return { place: inNix(attribute.textSpan) };
  const url = plainLiteral(declared.url, flake.flakeNixText);
  if (url === undefined) return undefined;
  const at = url.text.toLowerCase().search(new RegExp(`(?<=[:/])${escapeRegExp(owner.toLowerCase())}(?=/)`));
  return at < 0 ? undefined : { place: inNix({ start: url.start + at, end: url.start + at + owner.length }) };
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
