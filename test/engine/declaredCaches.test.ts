import assert from 'node:assert/strict';
import type { NixConfigSetting } from '../../server/src/domain/flakeNix';
import { parseTrustedSettings, type TrustedSettings } from '../../server/src/domain/trustedSettings';
import {
  acceptedConfiguration,
  declaredCaches,
  declaredTrust,
  readTrustedSettings,
} from '../../server/src/engine/declaredCaches';
import { loadTrustConfiguration, type TrustConfiguration } from '../../server/src/engine/trustConfiguration';
import { never } from '../support/abort';
import { environment, memoryFiles } from '../support/memoryFiles';
import { makeSigner } from '../support/signer';

const span = { start: 0, end: 0 };

/** A setting as flake.nix gives it; `computed` when an expression is part of it. */
function setting(name: string, words: readonly string[], computed = false): NixConfigSetting {
  const elements = words.map((value) => ({ value, span, textSpan: span }));
  return { name, nameSpan: span, elements, computed, span, ...(computed ? {} : { value: words.join(' ') }) };
}

function answers(settings: Readonly<Record<string, Readonly<Record<string, boolean>>>>): TrustedSettings {
  const parsed = parseTrustedSettings(JSON.stringify(settings));
  assert.ok(parsed.ok);
  return parsed.value;
}

const NIXOS = 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
const NONE = answers({});
const TRUSTED = { workspaceTrusted: true };
const KEY = makeSigner('two.example-1').publicKey;
const NIX_CONFIG = [
  setting('extra-substituters', [
    'https://one.example',
    'https://two.example/?trusted=1',
    'https://cache.nixos.org',
    'nonsense',
    'ssh://h',
  ]),
  setting('extra-trusted-public-keys', [KEY]),
  setting('bash-prompt', ['x']),
];
const ACCEPTED = answers({
  'extra-substituters': { [NIX_CONFIG[0]?.value ?? '']: true },
  'extra-trusted-public-keys': { [KEY]: true },
});

describe('caches that a flake declares', () => {
  let config: TrustConfiguration;
  before(async () => {
    const request = { nixConf: true, extraSubstituters: [], extraTrustedPublicKeys: [], caches: [], settingsKeys: [] };
    config = await loadTrustConfiguration(request, memoryFiles({}), environment(), never);
  });

  function states(nixConfig: readonly NixConfigSetting[], trustedSettings: TrustedSettings): Record<string, string> {
    return Object.fromEntries(declaredCaches(nixConfig, config, trustedSettings).map(({ url, state }) => [url, state]));
  }

  it('are listed with their keys and what the user said', () => {
    const declared = declaredCaches(NIX_CONFIG, config, NONE);
    assert.deepEqual(
      declared.map(({ url, keys, state }) => [url, keys, state]),
      [
        ['https://one.example', [], 'not-accepted'],
        ['https://two.example', [KEY], 'not-accepted'],
        ['https://cache.nixos.org', [], 'in-use'],
        ['ssh://h', [], 'not-accepted'],
      ],
    );
  });

  describe('count as accepted', () => {
    const one = setting('extra-substituters', ['https://one.example', 'https://two.example']);
    const cases: readonly (readonly [rule: string, nixConfig: NixConfigSetting[], trusted: TrustedSettings, state: string])[] = [
      [
        'for exactly the value that Nix showed',
        [one],
        answers({ 'extra-substituters': { 'https://one.example https://two.example': true } }),
        'accepted',
      ],
      ['not for a part of it', [one], answers({ 'extra-substituters': { 'https://one.example': true } }), 'not-accepted'],
      [
        'not in another order',
        [one],
        answers({ 'extra-substituters': { 'https://two.example https://one.example': true } }),
        'not-accepted',
      ],
      [
        'not under another name',
        [one],
        answers({ substituters: { 'https://one.example https://two.example': true } }),
        'not-accepted',
      ],
      [
        'unless refused',
        [one],
        answers({ 'extra-substituters': { 'https://one.example https://two.example': false } }),
        'refused',
      ],
      [
        'under an alias, which is its own name',
        [setting('binary-caches', ['https://one.example'])],
        answers({ 'binary-caches': { 'https://one.example': true } }),
        'accepted',
      ],
      [
        'not when computed',
        [setting('extra-substituters', ['https://one.example'], true)],
        answers({ 'extra-substituters': { 'https://one.example': true } }),
        'not-accepted',
      ],
      [
        'not as trusted-substituters, which asks nobody',
        [setting('trusted-substituters', ['https://one.example'])],
        answers({ 'trusted-substituters': { 'https://one.example': true } }),
        'not-accepted',
      ],
      [
        'when one of two settings is accepted',
        [setting('substituters', ['https://one.example']), setting('extra-substituters', ['https://one.example'])],
        answers({ substituters: { 'https://one.example': false }, 'extra-substituters': { 'https://one.example': true } }),
        'accepted',
      ],
    ];
    for (const [rule, nixConfig, trusted, state] of cases) {
      it(rule, () => assert.equal(states(nixConfig, trusted)['https://one.example'], state));
    }
  });

  it('are not asked, and their keys not trusted, until accepted', () => {
    const merged = acceptedConfiguration(config, declaredTrust(NIX_CONFIG, config, NONE), TRUSTED);
    assert.deepEqual(
      merged.caches.slice(1).map(({ substituter, origin, ask, reason }) => [substituter.url, origin, ask, reason]),
      [
        ['https://one.example', 'flake', false, 'declared by this flake, not asked until you accept it'],
        ['https://two.example', 'flake', false, 'declared by this flake, not asked until you accept it'],
        ['ssh://h', 'flake', false, 'declared by this flake, not asked until you accept it'],
      ],
    );
    assert.deepEqual([...merged.trusted.byName.keys()], ['cache.nixos.org-1']);
  });

  it('are asked, and their keys trusted, once accepted in Nix', () => {
    const merged = acceptedConfiguration(config, declaredTrust(NIX_CONFIG, config, ACCEPTED), TRUSTED);
    assert.deepEqual(
      merged.caches.slice(1).map(({ substituter, ask }) => [substituter.url, ask]),
      [
        ['https://one.example', true],
        ['https://two.example', true],
        ['ssh://h', false],
      ],
    );
    assert.equal(merged.caches[0], config.caches[0]);
    assert.deepEqual([...merged.trusted.byName.keys()], ['cache.nixos.org-1', 'two.example-1']);
    assert.equal(merged.storeDir, config.storeDir);
  });

  it('never before the workspace is trusted', () => {
    const merged = acceptedConfiguration(config, declaredTrust(NIX_CONFIG, config, ACCEPTED), { workspaceTrusted: false });
    assert.ok(merged.caches.slice(1).every(({ ask }) => !ask));
    assert.equal(merged.caches[1]?.reason, 'declared by this flake, not asked in an untrusted workspace');
    assert.equal(merged.trusted, config.trusted);
  });

  it('say that the user refused', () => {
    const one = setting('extra-substituters', ['https://one.example']);
    const refused = answers({ 'extra-substituters': { 'https://one.example': false } });
    const merged = acceptedConfiguration(config, declaredTrust([one], config, refused), TRUSTED);
    assert.equal(merged.caches[1]?.reason, 'declared by this flake, and you told Nix to refuse it');
  });

  it('cannot replace a key of the user, nor one of their caches', () => {
    const forged = makeSigner('cache.nixos.org-1').publicKey;
    const nixConfig = [
      setting('extra-trusted-public-keys', [forged]),
      setting('substituters', ['https://cache.nixos.org/?trusted=1']),
    ];
    const accepted = answers({
      'extra-trusted-public-keys': { [forged]: true },
      substituters: { 'https://cache.nixos.org/?trusted=1': true },
    });
    const merged = acceptedConfiguration(config, declaredTrust(nixConfig, config, accepted), TRUSTED);
    assert.equal(merged.trusted.byName.get('cache.nixos.org-1')?.text, NIXOS);
    assert.deepEqual(
      merged.trusted.shadowed.map(({ text }) => text),
      [forged],
    );
    assert.deepEqual(merged.caches, config.caches);
  });

  it('leave the configuration as it is when there are none', () => {
    assert.equal(acceptedConfiguration(config, declaredTrust([setting('bash-prompt', ['x'])], config, NONE), TRUSTED), config);
  });

  it('are limited, however many a hostile flake names', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `https://c${index}.example`);
    const nixConfig = [...Array(50).keys()]
      .map(() => setting('extra-substituters', many))
      .concat(
        setting(
          'trusted-public-keys',
          many.map((url) => `${url}:x`),
        ),
      );
    assert.equal(declaredCaches(nixConfig, config, NONE).length, 256);
  });
});

describe('readTrustedSettings', () => {
  const text = '{"extra-substituters":{"https://a.example":true}}';
  const places: readonly (readonly [variables: Record<string, string>, file: string])[] = [
    [{}, '/home/me/.local/share/nix/trusted-settings.json'],
    [{ XDG_DATA_HOME: '/x' }, '/x/nix/trusted-settings.json'],
    [{ XDG_DATA_HOME: '/x', NIX_DATA_HOME: '/n' }, '/n/trusted-settings.json'],
  ];
  for (const [variables, file] of places) {
    it(`reads ${file}`, async () => {
      const { settings, problems } = await readTrustedSettings(memoryFiles({ [file]: text }), environment(variables), never);
      assert.equal(settings.get('extra-substituters')?.get('https://a.example'), true);
      assert.deepEqual(problems, []);
    });
  }

  it('takes a missing file for no answer', async () => {
    const { settings, problems } = await readTrustedSettings(memoryFiles({}), environment(), never);
    assert.deepEqual([settings.size, problems], [0, []]);
  });

  it('says when what was accepted cannot be read', async () => {
    const file = '/home/me/.local/share/nix/trusted-settings.json';
    for (const content of ['{"extra', { kind: 'failed', reason: 'permission denied' } as const]) {
      const { settings, problems } = await readTrustedSettings(memoryFiles({ [file]: content }), environment(), never);
      assert.equal(settings.size, 0);
      assert.equal(problems[0]?.file, file);
      assert.match(problems[0].message, /cannot be read \((it is not what Nix writes|permission denied)\)/);
    }
  });
});
