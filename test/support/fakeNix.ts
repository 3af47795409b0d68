import type { Derivation } from '../../server/src/domain/derivation';
import type { LocalPathInfo } from '../../server/src/domain/localPathInfo';
import type { StorePath } from '../../server/src/domain/storePath';
import type { FlakeOutput, InputPackages, NixAnswer, NixCli, NixFailure } from '../../server/src/engine/ports';

export interface FakeNixSetup {
  /** By installable: the derivation and its outputs. */
  readonly installables?: Readonly<Record<string, { readonly drvPath: StorePath; readonly outputs: readonly string[] }>>;
  readonly derivations?: ReadonlyMap<StorePath, Derivation>;
  readonly local?: readonly LocalPathInfo[];
  readonly outputs?: readonly FlakeOutput[];
  /** By the path of the input, joined by slashes. */
  readonly packages?: Readonly<Record<string, InputPackages>>;
  /** What every question is answered with. */
  readonly failure?: NixFailure;
}

/** A Nix that knows what it is told. */
export interface FakeNix extends NixCli {
  /** The questions, in order, by method. */
  readonly asked: string[];
}

export function fakeNix(setup: FakeNixSetup = {}): FakeNix {
  const { installables = {}, derivations = new Map<StorePath, Derivation>(), local = [], outputs = [], packages = {} } = setup;
  const asked: string[] = [];
  const answer = <T>(question: string, signal: AbortSignal, value: () => T | undefined): Promise<NixAnswer<T>> => {
    signal.throwIfAborted();
    asked.push(question);
    const found = setup.failure === undefined ? value() : undefined;
    if (found !== undefined) return Promise.resolve({ kind: 'ok', value: found });
    return Promise.resolve(setup.failure ?? { kind: 'failed', reason: 'missing-attribute', message: `no ${question}` });
  };
  return {
    asked,
    version: (signal) =>
      answer('version', signal, () => ({ text: '2.99.0', major: 2, minor: 99, implementation: 'nix', file: '/bin/nix' })),
    listOutputs: (_, signal) => answer('listOutputs', signal, () => ({ system: 'x86_64-linux', outputs })),
    resolve: (_, wanted, signal) =>
      answer(`resolve ${wanted.join(' ')}`, signal, () => {
        const roots = wanted.flatMap((installable) => installables[installable] ?? []);
        return roots.length < wanted.length ? undefined : { roots, paths: [], derivations };
      }),
    localPaths: (paths, signal) =>
      answer(
        'localPaths',
        signal,
        () => new Map(local.filter(({ path }) => paths.includes(path)).map((info) => [info.path, info])),
      ),
    inputPackages: (_, input, sample, signal) =>
      answer(`inputPackages ${input.join('/')} ${sample.length}`, signal, () => packages[input.join('/')]),
    findPackages: (_, input, names, signal) =>
      answer(`findPackages ${input.join('/')}`, signal, () => {
        const all = packages[input.join('/')];
        return all && { ...all, outputs: all.outputs.filter(({ attribute }) => names.includes(attribute)) };
      }),
  };
}
