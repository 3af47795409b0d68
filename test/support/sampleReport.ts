import { storePathHash } from '../../server/src/domain/storePath';
import { finding } from '../../server/src/domain/finding';
import type { InputsReport } from '../../server/src/domain/inputsReport';
import type { TrustConfiguration } from '../../server/src/engine/trustConfiguration';
import { engineBench, NEVER } from './engineBench';
import { fakeCache } from './fakeCache';
import { flakeFacts, inputFacts, narHashOf } from './flakeFacts';
import { omit } from './omit';
import { narinfoText, sourceAddress, type Signer } from './signer';

/** What a report may have to show, all of it at once. */
export async function sampleReport(signer: Signer): Promise<{ report: InputsReport; configuration: TrustConfiguration }> {
  const nixpkgs = inputFacts('nixpkgs', { reference: 'github:NixOS/nixpkgs/nixos-unstable' });
  const utils = inputFacts('flake-utils', { reference: 'github:numtide/flake-utils', flake: false });
  const tools = inputFacts('tools', { reference: 'github:acme/tools' });
  const secret = inputFacts('secret', {
    reference: 'git+ssh://git@git.corp.example/lib',
    privateReason: 'fetched over ssh',
    type: 'git',
  });
  const followed = inputFacts('tools/nixpkgs', { node: 'nixpkgs', follows: ['nixpkgs'] });
  const fresh = {
    ...omit(inputFacts('fresh'), 'narHash', 'storePath', 'rev', 'lastModified'),
    resolution: { kind: 'not-locked' },
    type: 'unknown',
  } as const;
  const narinfo = (of: typeof nixpkgs, narHash = of.narHash!, signers: Signer[] = []) =>
    [
      storePathHash(of.storePath!),
      { kind: 'found', text: narinfoText({ storePath: of.storePath!, narHash, signers, ca: sourceAddress(of.narHash!) }) },
    ] as const;
  const info = (priority: number) => ({ kind: 'found', info: { priority, wantMassQuery: true } }) as const;
  const bench = engineBench(
    [
      {
        url: 'https://cache.nixos.org',
        cache: fakeCache({ info: info(40), narinfos: [narinfo(nixpkgs, nixpkgs.narHash, [signer])] }),
      },
      {
        url: 'https://acme.example',
        cache: fakeCache({ info: info(50), narinfos: [narinfo(tools, narHashOf('evil'), [signer])] }),
        origin: 'settings',
      },
      { url: 'https://down.example', cache: fakeCache({ info: { kind: 'unreachable', reason: 'no answer within 10 s' } }) },
      { url: 'ssh-ng://builder.example' },
      { url: 'https://theirs.example', origin: 'flake', refused: 'declared by the flake, not accepted' },
    ],
    [signer.publicKey],
  );
  const facts = flakeFacts(
    [utils, fresh, nixpkgs, secret, tools, followed],
    [
      finding('lock-out-of-date', {
        message: 'Input "fresh": it is not in flake.lock',
        subject: { kind: 'input', id: 'fresh' },
        place: { file: 'flake.nix', span: { start: 2, end: 4 } },
      }),
      finding('follows-root', { message: 'Input "tools/x": follows the root flake', subject: { kind: 'input', id: 'tools/x' } }),
    ],
  );
  const scope = { configuration: bench.configuration, offline: false, flakeDir: '/home/user/project', audit: true };
  const report = await bench.engine.check({ ...facts, flakeNixText: '{\n  fresh = 1; }' }, scope, NEVER);
  return { report, configuration: bench.configuration };
}
