import { createHash } from 'node:crypto';
import type { Derivation } from '../../server/src/domain/derivation';
import { parseNarHash } from '../../server/src/domain/hash';
import type { LocalPathInfo } from '../../server/src/domain/localPathInfo';
import { encodeNixBase32 } from '../../server/src/domain/nixBase32';
import type { StorePath } from '../../server/src/domain/storePath';
import type { PlanSources, Substitute } from '../../server/src/engine/closure/plan';

/** Makes the store path of a name: always the same, and with another hash for each name. */
export function pathOf(name: string): StorePath {
  const hash = encodeNixBase32(createHash('sha256').update(name).digest().subarray(0, 20));
  return `/nix/store/${hash}-${name}` as StorePath;
}

export interface DerivationSpec {
  /** `lib` or `lib:dev,out`. */
  readonly needs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly sources?: readonly string[];
  readonly allowSubstitutes?: boolean;
  readonly dynamic?: boolean;
  /** Their paths are not known before the build. */
  readonly floating?: boolean;
}

/** Makes derivations out of names; output `dev` of `lib` is the path `lib-dev`. */
export function derivations(specs: Readonly<Record<string, DerivationSpec>>): Map<StorePath, Derivation> {
  const made = Object.entries(specs).map(([name, spec]): [StorePath, Derivation] => {
    const { needs = [], outputs = ['out'], sources = [], allowSubstitutes = true, dynamic = false, floating = false } = spec;
    return [
      drvOf(name),
      {
        path: drvOf(name),
        name,
        system: 'x86_64-linux',
        outputs: new Map(
          outputs.map((output) => [output, floating ? {} : { path: pathOf(output === 'out' ? name : `${name}-${output}`) }]),
        ),
        inputDrvs: new Map(
          needs.map((need) => {
            const [drv = '', names = 'out'] = need.split(':');
            return [drvOf(drv), names.split(',')];
          }),
        ),
        inputSrcs: sources.map(pathOf),
        allowSubstitutes,
        ...(dynamic ? { dynamic } : {}),
      },
    ];
  });
  return new Map(made);
}

export function drvOf(name: string): StorePath {
  return pathOf(`${name}.drv`);
}

/** Names of paths by what they refer to. */
export type References = Readonly<Record<string, readonly string[]>>;

/** Fakes a local store and caches; counts how often they were asked. */
export function planSources(
  local: References,
  caches: References,
): PlanSources & { readonly asked: StorePath[]; rounds: number } {
  const localInfos = new Map(Object.entries(local).map(([name, references]) => [pathOf(name), localInfo(name, references)]));
  const found = new Map(
    Object.entries(caches).map(([name, references]): [StorePath, Substitute] => [
      pathOf(name),
      { from: 'https://c.example', references: references.map(pathOf) },
    ]),
  );
  const sources = {
    asked: [] as StorePath[],
    rounds: 0,
    local: (paths: readonly StorePath[]) => Promise.resolve(pick(localInfos, paths)),
    substitutes: (paths: readonly StorePath[]) => {
      sources.asked.push(...paths);
      sources.rounds++;
      return Promise.resolve(pick(found, paths));
    },
  };
  return sources;
}

function localInfo(name: string, references: readonly string[]): LocalPathInfo {
  const narHash = parseNarHash(`sha256:${'0'.repeat(52)}`);
  if (!narHash.ok) throw new Error('not a hash');
  return {
    path: pathOf(name),
    narHash: narHash.value,
    narSize: 1,
    references: references.map(pathOf),
    signatures: [],
    ultimate: true,
  };
}

function pick<T>(all: ReadonlyMap<StorePath, T>, paths: readonly StorePath[]): Map<StorePath, T> {
  const picked = new Map<StorePath, T>();
  for (const path of paths) {
    const value = all.get(path);
    if (value !== undefined) picked.set(path, value);
  }
  return picked;
}
