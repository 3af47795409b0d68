import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDerivations } from '../../../server/src/adapters/nix/derivations';
import type { Derivation } from '../../../server/src/domain/derivation';
import { recorded, recordedNames, RECORDED_VERSIONS } from '../../support/nixJson';

const pause = () => Promise.resolve();

async function parse(text: string): Promise<Derivation[]> {
  const parsed = await parseDerivations(text, pause);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return [...parsed.value.values()];
}

async function errorOf(text: string): Promise<string> {
  const parsed = await parseDerivations(text, pause);
  return parsed.ok ? 'parsed' : parsed.error;
}

describe('the derivations that Nix prints', () => {
  for (const version of RECORDED_VERSIONS) {
    describe(version, () => {
      for (const name of recordedNames(version, 'derivation-show')) {
        it(`are understood: ${name}`, async () => {
          for (const derivation of await parse(recorded(version, name))) {
            assert.match(derivation.path, /^\/nix\/store\/.*\.drv$/);
            assert.equal(derivation.system, 'x86_64-linux');
            for (const { path } of derivation.outputs.values()) assert.match(path ?? '', /^\/nix\/store\//);
          }
        });
      }

      it('know the outputs that they need of others, and their sources', async () => {
        const all = await parse(recorded(version, 'derivation-show-recursive'));
        const needs = new Map(
          all.map(({ name, inputDrvs }) => [name, [...inputDrvs].map(([drv, outputs]) => [drv.slice(44), outputs])]),
        );
        assert.deepEqual(Object.fromEntries(needs), {
          'lib-1.0': [],
          'util-1.0': [['lib-1.0.drv', ['out']]],
          'app-1.0': [['util-1.0.drv', ['out']]],
        });
        const app = all.find(({ name }) => name === 'app-1.0');
        assert.ok(app?.inputSrcs.every((source) => source.endsWith('-source')));
        assert.ok((app?.inputSrcs.length ?? 0) > 0);
      });

      it('have several outputs', async () => {
        const [unbuilt] = await parse(recorded(version, 'derivation-show-multi-output'));
        assert.deepEqual([...(unbuilt?.outputs ?? [])].sort(), [
          ['dev', { path: '/nix/store/4jx1rp38zcz24v0d1h9iarpp2300b2h6-unbuilt-dev' }],
          ['out', { path: '/nix/store/pchf9lw87acxm8clb5cw4qs2kysrrnz0-unbuilt' }],
        ]);
      });

      it('have an output fixed by a hash, whose path is computed where it is not printed', async () => {
        const [fx] = await parse(recorded(version, 'derivation-show-fixed-output'));
        assert.equal(fx?.outputs.get('out')?.path, '/nix/store/212zs9kycybyds6sng1pycxpnpv114qn-fx');
        assert.equal(fx.fixed?.method, 'nar');
        assert.deepEqual(fx.fixed.hash, { algorithm: 'sha256', bytes: Buffer.alloc(32) });
      });
    });
  }

  it('are refused in a version to come, which is named', async () => {
    assert.match(await errorOf('{"version":5,"derivations":{}}'), /version 5 /);
    assert.match(await errorOf('{"derivations":{},"version":"x"}'), /version unknown/);
    const later = recorded('2.34', 'derivation-show').replaceAll('"version":4', '"version":17');
    assert.match(await errorOf(later), /version 17 /);
  });

  it('may be without the wrapper, with base names', async () => {
    const wrapped = JSON.parse(recorded('2.34', 'derivation-show')) as { derivations: object };
    assert.equal((await parse(JSON.stringify(wrapped.derivations)))[0]?.name, 'app-1.0');
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['no JSON', 'error: x'],
    ['a list', '[]'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a name that is no store path', '{"__proto__":{"outputs":{},"env":{}}}'],
    ['a derivation that is a number', '{"/nix/store/2g5sbsliflmshnffcxcxkd1irg82r35v-x.drv":5}'],
    ['half a derivation', recorded('2.34', 'derivation-show').slice(0, 500)],
    ['half of several', recorded('2.8', 'derivation-show-recursive').slice(0, 1500)],
  ]) {
    it(`are refused when Nix prints ${what}`, async () => assert.notEqual(await errorOf(text!), 'parsed'));
  }

  const withEnv = (env: object, extra: object = {}) =>
    JSON.stringify({
      '/nix/store/2g5sbsliflmshnffcxcxkd1irg82r35v-x.drv': {
        outputs: { out: { hashAlgo: 'sha256', hash: '00'.repeat(32) } },
        inputSrcs: [],
        inputDrvs: {},
        system: 'builtin',
        env,
        ...extra,
      },
    });

  it('say where their content comes from, in variables or in structured attributes', async () => {
    const variables = async (text: string) => Object.fromEntries((await parse(text))[0]?.fixed?.variables ?? []);
    assert.deepEqual(await variables(withEnv({ urls: 'a b', secret: 'x' })), { urls: 'a b' });
    assert.deepEqual(await variables(withEnv({ __json: '{"urls":["a","b"]}' })), { urls: 'a b' });
    assert.deepEqual(await variables(withEnv({}, { structuredAttrs: { url: 'u' } })), { url: 'u' });
  });

  it('may forbid substitution', async () => {
    const allowed = async (env: object) => (await parse(withEnv(env)))[0]?.allowSubstitutes;
    assert.equal(await allowed({}), true);
    assert.equal(await allowed({ allowSubstitutes: '1' }), true);
    assert.equal(await allowed({ allowSubstitutes: '' }), false);
    assert.equal(await allowed({ __json: '{"allowSubstitutes":false}' }), false);
  });

  it('may have outputs whose path nobody knows yet', async () => {
    const floating = JSON.stringify({
      '/nix/store/2g5sbsliflmshnffcxcxkd1irg82r35v-x.drv': {
        outputs: { out: { hashAlgo: 'r:sha256' } },
        inputSrcs: [],
        inputDrvs: {},
        env: {},
      },
    });
    assert.deepEqual([...((await parse(floating))[0]?.outputs ?? [])], [['out', {}]]);
  });

  it('are read in pauses, twenty thousand of them', async () => {
    const one = (n: number) => {
      const hash = n.toString().padStart(32, '0');
      return `"/nix/store/${hash}-x.drv":{"outputs":{},"inputSrcs":[],"inputDrvs":{},"env":{"a":"${'x,}\\"{'.repeat(20)}"}}`;
    };
    const text = `{${Array.from({ length: 20_000 }, (_, n) => one(n)).join(',\n ')}}`;
    let pauses = 0;
    const parsed = await parseDerivations(text, () => {
      pauses++;
      return Promise.resolve();
    });
    assert.equal(parsed.ok && parsed.value.size, 20_000);
    assert.ok(pauses > 1);
  });
});
