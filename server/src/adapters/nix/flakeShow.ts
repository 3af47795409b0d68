/** `nix flake show --json`: which outputs of a flake can be audited on this system. */
import type { FlakeOutput } from '../../engine/ports';
import { err, ok, type Result } from '../../domain/result';
import { compareText } from '../../util/compare';
import { asObject, asString, parseJson, type JsonObject } from './json';
import type { FormatError } from './derivations';

/** The flake attributes that are audited, in the order of the list. */
export const OUTPUT_KINDS: readonly { readonly attribute: string; readonly kind: FlakeOutput['kind'] }[] = [
  { attribute: 'packages', kind: 'package' },
  { attribute: 'devShells', kind: 'dev-shell' },
  { attribute: 'checks', kind: 'check' },
  { attribute: 'nixosConfigurations', kind: 'nixos-configuration' },
];

/** What is built of a NixOS configuration. */
const TOPLEVEL = ['config', 'system', 'build', 'toplevel'];

/** A flake may have an output for each number there is; a list of more is of no use to anyone. */
const MAX_OUTPUTS = 5000;

/** Parses the tree that Nix prints; other systems' and other kinds of outputs are left out. */
export function parseFlakeShow(text: string, system: string): Result<FlakeOutput[], FormatError> {
  const tree = asObject(parseJson(text));
  if (tree === undefined) return err('what it prints of a flake is no JSON object');
  if (typeof tree['version'] === 'number') {
    return err(`it prints flakes in version ${tree['version']} of a format that is not known`);
  }
  const outputs: FlakeOutput[] = [];
  for (const { attribute, kind } of OUTPUT_KINDS) {
    const branch = asObject(tree[attribute]);
    const members = kind === 'nixos-configuration' ? branch : asObject(branch?.[system]);
    for (const [name, leaf] of Object.entries(members ?? {})) {
      const shown = asObject(leaf);
      if (shown === undefined || !isAuditable(shown, kind)) continue;
      const output = flakeOutput(kind, name, system, shown);
      if (output !== undefined) outputs.push(output);
    }
  }
  return ok(sorted(outputs));
}

/** Makes outputs of attribute names alone, for flakes of which Nix cannot show all. */
export function outputsOfNames(kind: FlakeOutput['kind'], names: readonly string[], system: string): FlakeOutput[] {
  return names.map((name) => flakeOutput(kind, name, system, {})).filter((output) => output !== undefined);
}

/** Orders by kind, then by name, `default` first. */
export function sorted(outputs: readonly FlakeOutput[]): FlakeOutput[] {
  const order = OUTPUT_KINDS.map(({ kind }) => kind);
  const name = ({ attrPath }: FlakeOutput) => attrPath.join('.');
  const last = ({ attrPath }: FlakeOutput) => (attrPath.at(-1) === 'default' ? 0 : 1);
  return [...outputs]
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || last(a) - last(b) || compareText(name(a), name(b)))
    .slice(0, MAX_OUTPUTS);
}

/** What newer versions leave out of other systems, and of what does not evaluate, they print as `{}`. */
function isAuditable(shown: JsonObject, kind: FlakeOutput['kind']): boolean {
  return shown['type'] === (kind === 'nixos-configuration' ? kind : 'derivation');
}

function flakeOutput(kind: FlakeOutput['kind'], name: string, system: string, shown: JsonObject): FlakeOutput | undefined {
  const attribute = OUTPUT_KINDS.find((candidate) => candidate.kind === kind)?.attribute ?? '';
  const attrPath = kind === 'nixos-configuration' ? [attribute, name, ...TOPLEVEL] : [attribute, system, name];
  const fragment = attributeFragment(attrPath);
  if (fragment === undefined) return undefined;
  const derivationName = asString(shown['name']);
  const description = asString(shown['description']);
  return {
    kind,
    installable: `.#${fragment}`,
    attrPath,
    ...(derivationName === undefined ? {} : { name: derivationName }),
    ...(description === undefined || description === '' ? {} : { description }),
  };
}

/**
 * Writes an attribute path as the fragment of a flake reference. Nix decodes percent signs first, then splits at dots outside of double quotes;
 * it knows no escape for a quote, so a name with one cannot be written. Encoding keeps a name from being taken for `^outputs`.
 */
export function attributeFragment(attrPath: readonly string[]): string | undefined {
  if (attrPath.some((name) => name.includes('"') || name === '' || /\p{Cs}/u.test(name))) return undefined;
  return attrPath.map((name) => (/^[a-zA-Z_][\w'-]*$/.test(name) ? name : encodeURIComponent(`"${name}"`))).join('.');
}
