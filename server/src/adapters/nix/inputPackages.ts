/**
 * The packages of an input, as the flake under audit locks it. Nix gives no way to them from outside: the outputs of a flake do not lead to its
 * inputs, and `builtins.getFlake` of a folder needs impure evaluation, in which foreign code could read files and variables of the user.
 * So a flake of ours, with the audited one as its only input, asks for them.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InputPackages, PackageOutput } from '../../engine/ports';
import { err, ok, type Result } from '../../domain/result';
import { parseStorePath, STORE_DIR } from '../../domain/storePath';
import { compareText } from '../../util/compare';
import type { FormatError } from './derivations';
import { asObject, asString, asStrings, parseJson } from './json';

export interface WrapperRequest {
  /** Of the audited flake, as `nix flake metadata` prints it. */
  readonly url: string;
  readonly system: string;
  /** Path of the input from the root. */
  readonly input: readonly string[];
  /** Attributes to look at where the input has too many; or always, and no others. */
  readonly sample: readonly string[];
  readonly onlySample: boolean;
}

/** An input with more packages than this is sampled. */
const MAX_PACKAGES = 400;

/**
 * Everything that differs is read from a file beside, so that no foreign name becomes part of an expression. `legacyPackages` (nixpkgs) has more than
 * a hundred thousand attributes, many of which do not evaluate: of it only the sample is looked at.
 */
const OUTPUTS = `{ audited, ... }:
  let
    request = builtins.fromJSON (builtins.readFile ./request.json);
    input = builtins.foldl' (flake: name: flake.inputs.\${name}) audited request.input;
    packages = (input.packages or { }).\${request.system} or { };
    legacy = (input.legacyPackages or { }).\${request.system} or { };
    own = builtins.attrNames packages;
    few = !request.onlySample && own != [ ] && builtins.length own <= ${MAX_PACKAGES};
    set = if request.onlySample then legacy // packages else if own == [ ] then legacy else packages;
    names = if few then own else builtins.filter (name: builtins.hasAttr name set) request.sample;
    try = value: builtins.tryEval (builtins.deepSeq value value);
    describe = name:
      let
        package = set.\${name};
        outputs = try (
          if (package.type or null) == "derivation"
          then map (output: { inherit output; path = package.\${output}.outPath; }) (package.outputs or [ "out" ])
          else [ ]);
        position = try (package.meta.position or null);
      in {
        inherit name;
        failed = !outputs.success;
        outputs = if outputs.success then outputs.value else [ ];
        position = if position.success then position.value else null;
      };
  in {
    packages = {
      sampled = !few && (own != [ ] || legacy != { });
      packages = map describe names;
    };
  }`;

/** Makes the flake in a folder of its own, which is removed afterwards, and gives `use` the reference to it. */
export async function withWrapper<T>(
  request: WrapperRequest,
  use: (folder: string, reference: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flake-trust-'));
  try {
    const { url, ...rest } = request;
    await writeFile(path.join(folder, 'request.json'), JSON.stringify(rest));
    await writeFile(path.join(folder, 'flake.nix'), `{\n  inputs.audited.url = ${nixString(url)};\n  outputs = ${OUTPUTS};\n}\n`);
    // As `path:`, since a temporary folder may lie in somebody's repository, where Nix would not see it.
    return await use(folder, `path:${folder.split('/').map(encodeURIComponent).join('/')}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a string of the Nix language. */
function nixString(text: string): string {
  return `"${text.replace(/["\\]|\$(?=\{)/g, '\\$&').replace(/[\r\n]/g, '')}"`;
}

/** Parses what the flake above evaluates to. The paths and positions are the input's own claims. */
export function parseInputPackages(
  text: string,
  system: string,
  storeDir: string = STORE_DIR,
): Result<InputPackages, FormatError> {
  const json = asObject(parseJson(text));
  const packages = json?.['packages'];
  if (json === undefined || !Array.isArray(packages)) return err('the packages of the input are not understood');
  const outputs: PackageOutput[] = [];
  const failed: string[] = [];
  for (const element of packages as readonly unknown[]) {
    const described = asObject(element);
    const attribute = asString(described?.['name']);
    const listed = described?.['outputs'];
    if (described === undefined || attribute === undefined || !Array.isArray(listed)) {
      return err('a package of the input is not understood');
    }
    if (described['failed'] === true) failed.push(attribute);
    const position = asString(described['position']);
    for (const entry of listed as readonly unknown[]) {
      const output = asString(asObject(entry)?.['output']);
      const parsed = parseStorePath(asString(asObject(entry)?.['path']) ?? '', storeDir);
      // A floating content-addressed output has a placeholder for its path, and an attribute may lie about being a derivation.
      if (output === undefined || !parsed.ok) continue;
      outputs.push({ attribute, output, path: parsed.value, ...(position === undefined ? {} : { position }) });
    }
  }
  outputs.sort((a, b) => compareText(a.attribute, b.attribute) || compareText(a.output, b.output));
  return ok({ system, sampled: json['sampled'] === true, outputs, failed: failed.sort(compareText) });
}

/** Reads a list of attribute names. */
export function parseNames(text: string): Result<string[], FormatError> {
  const names = asStrings(parseJson(text));
  return names === undefined ? err('it prints no list of names') : ok(names);
}

/** Reads where the flake is, as a URL that Nix itself would lock. */
export function parseResolvedUrl(text: string): Result<string, FormatError> {
  const url = asString(asObject(parseJson(text))?.['resolvedUrl']);
  return url === undefined ? err('it does not say where the flake is') : ok(url);
}
