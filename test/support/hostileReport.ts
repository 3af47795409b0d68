import { finding } from '../../server/src/domain/finding';
import { storePathHash } from '../../server/src/domain/storePath';
import type { InputsReport } from '../../server/src/domain/inputsReport';
import type { TrustConfiguration } from '../../server/src/engine/trustConfiguration';
import { engineBench, NEVER } from './engineBench';
import { fakeCache } from './fakeCache';
import { flakeFacts, inputFacts } from './flakeFacts';
import { narinfoText } from './signer';

/** Everything that a name could try, in one. */
export const HOSTILE =
  '\u001b[2J\u001b]0;x\u0007\u009b31m\r\n  signer   signed by cache.nixos.org-1\n\u202Egpj\u2066 `` ` | </td><img src=https://evil.example/b.png> ![x](https://evil.example/b.png) [ok](command:evil) $(verified) https://evil.example www.evil.example a@evil.example \uF00C\u200b';

/** A report in which every foreign text is hostile. */
export async function hostileReport(): Promise<{ report: InputsReport; configuration: TrustConfiguration }> {
  const locked = inputFacts('x');
  const fields = { narHash: locked.narHash!, storePath: locked.storePath! };
  const inputs = [
    inputFacts('x', {
      ...fields,
      path: [HOSTILE],
      node: HOSTILE,
      reference: HOSTILE,
      type: HOSTILE,
      rev: HOSTILE,
      lastModified: 1e300,
    }),
    inputFacts('x', { ...fields, path: [HOSTILE, HOSTILE], node: HOSTILE, reference: HOSTILE, follows: [HOSTILE], flake: false }),
    inputFacts('p', { path: [HOSTILE, 'p'], reference: HOSTILE, privateReason: HOSTILE }),
  ];
  const sig = `${HOSTILE.replaceAll(/[\r\n:]/g, '')}:${Buffer.alloc(64).toString('base64')}`;
  const bench = engineBench([
    {
      url: 'https://a.example',
      cache: fakeCache({
        narinfos: [[storePathHash(locked.storePath!), { kind: 'found', text: narinfoText({ ...fields, signatures: [sig] }) }]],
      }),
    },
    { url: 'https://b.example', cache: fakeCache({ info: { kind: 'unreachable', reason: HOSTILE } }) },
    {
      url: 'https://c.example',
      cache: fakeCache({ narinfos: [[storePathHash(locked.storePath!), { kind: 'malformed', reason: HOSTILE }]] }),
    },
    {
      url: 'https://d.example',
      cache: fakeCache({ info: { kind: 'found', info: { storeDir: HOSTILE, priority: -1, wantMassQuery: false } } }),
    },
  ]);
  const facts = {
    ...flakeFacts(inputs, [finding('lock-tampered', { message: HOSTILE, subject: { kind: 'input', id: HOSTILE } })]),
    lock: { state: 'unreadable', message: HOSTILE, span: { start: 0, end: 1 } },
  } as const;
  const scope = { configuration: bench.configuration, offline: false, flakeDir: `/home/${HOSTILE}`, audit: true };
  return { report: await bench.engine.check(facts, scope, NEVER), configuration: bench.configuration };
}
