import assert from 'node:assert/strict';
import { DEFAULT_SETTINGS, parseSettings } from '../server/src/settings';

describe('parseSettings', () => {
  const messages = (section: unknown) => parseSettings(section).problems.map(({ setting, message }) => `${setting}: ${message}`);

  for (const section of [undefined, null, {}, { network: {} }, { enable: null }, { caches: undefined }])
    it(`gives the defaults for ${JSON.stringify(section)}`, () => {
      assert.deepEqual(parseSettings(section), { settings: DEFAULT_SETTINGS, problems: [] });
    });

  it('reads nested objects, and names with dots as other editors write them', () => {
    for (const section of [{ network: { mode: 'offline' } }, { 'network.mode': 'offline' }])
      assert.equal(parseSettings(section).settings['network.mode'], 'offline');
  });

  it('names a bad value and uses the default instead', () => {
    const { settings } = parseSettings({ network: { mode: 'sometimes', timeoutSeconds: 0 }, enable: 'yes' });
    assert.deepEqual([settings['network.mode'], settings['network.timeoutSeconds'], settings.enable], ['offline', 10, true]);
    assert.deepEqual(messages({ network: { mode: 'sometimes' } }), [
      'flakeTrust.network.mode: expected "auto" or "manual" or "offline"; "offline" is used instead',
    ]);
    assert.deepEqual(messages({ network: { timeoutSeconds: 2.5 } }), [
      'flakeTrust.network.timeoutSeconds: expected a whole number from 1 to 60; 10 is used instead',
    ]);
  });

  it('errs on the side of silence: a network mode that is none asks nobody, a lone pattern of private inputs counts', () => {
    for (const mode of ['off', 'Offline', false, 0, ['auto']])
      assert.equal(parseSettings({ network: { mode } }).settings['network.mode'], 'offline', String(mode));
    assert.deepEqual(parseSettings({ privateInputs: 'git*' }).settings.privateInputs, ['git*']);
  });

  it('leaves a bad element out of a list and keeps the others', () => {
    const caches = [
      { url: 'https://a.example' },
      { url: 7 },
      'https://b.example',
      { url: 'https://c.example', keys: ['k:A'], private: true, more: 1 },
    ];
    assert.deepEqual(parseSettings({ caches }).settings.caches, [
      { url: 'https://a.example' },
      { url: 'https://c.example', keys: ['k:A'], private: true },
    ]);
    assert.deepEqual(
      parseSettings({ caches }).problems.map(({ setting }) => setting),
      ['flakeTrust.caches[1]', 'flakeTrust.caches[2]'],
    );
    assert.deepEqual(messages({ privateInputs: 'git*' }), ['flakeTrust.privateInputs: expected a list of patterns']);
  });

  it('keeps the severities of known checks', () => {
    const severity = {
      unsigned: 'error',
      'lock-missing': 'off',
      'no-such-check': 'error',
      'follows-root': 'loud',
      constructor: 'off',
      __proto__: 1,
    };
    const { settings, problems } = parseSettings({ diagnostics: { severity } });
    assert.deepEqual(
      [...settings['diagnostics.severity']],
      [
        ['unsigned', 'error'],
        ['lock-missing', 'off'],
      ],
    );
    assert.deepEqual(
      problems.map(({ setting }) => setting),
      [
        'flakeTrust.diagnostics.severity["no-such-check"]',
        'flakeTrust.diagnostics.severity["follows-root"]',
        'flakeTrust.diagnostics.severity["constructor"]',
      ],
    );
  });

  it('accepts null as "no limit"', () => {
    assert.deepEqual(
      [parseSettings({ maxAgeDays: null }).settings.maxAgeDays, parseSettings({ maxAgeDays: 30 }).settings.maxAgeDays],
      [null, 30],
    );
    assert.equal(parseSettings({ maxAgeDays: -1 }).settings.maxAgeDays, null);
  });

  it('names settings that do not exist', () => {
    assert.deepEqual(messages({ netwrok: { mode: 'offline' }, 'network.speed': 1 }), [
      'flakeTrust.netwrok: there is no setting of this name',
      'flakeTrust.network.speed: there is no setting of this name',
    ]);
  });

  it('survives sections that are no objects', () => {
    for (const section of [7, 'auto', [], true]) {
      assert.deepEqual(parseSettings(section).settings, DEFAULT_SETTINGS);
      assert.equal(parseSettings(section).problems.length, 1);
    }
  });
});
