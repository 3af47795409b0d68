import assert from 'node:assert/strict';
import { combineSettings, type CombinedSettings, type SettingLevels } from '../../client/src/combineSettings';

const severityDefaults = new Map([
  ['unsigned', 'warning'],
  ['duplicate-source', 'hint'],
]);

function combine(name: string, levels: SettingLevels, trusted = true): CombinedSettings {
  return combineSettings((asked) => (asked === name ? levels : {}), trusted, severityDefaults);
}

const value = (name: string, levels: SettingLevels, trusted = true) => combine(name, levels, trusted).section[name];

describe('combineSettings', () => {
  it('leaves out what nobody set', () => {
    assert.deepEqual(combine('caches', {}).section, {});
  });

  const userOnly = [
    'caches',
    'trustedPublicKeys',
    'netrc',
    'readNixConf',
    'allowedOwners',
    'network.transport',
    'network.timeoutSeconds',
  ];
  for (const name of userOnly) {
    it(`takes ${name} from the user only, however much the workspace is trusted`, () => {
      assert.equal(value(name, { defaultValue: 'default', workspace: 'theirs', folder: 'theirs' }), 'default');
      assert.equal(value(name, { defaultValue: 'default', user: 'mine', workspace: 'theirs', folder: 'theirs' }), 'mine');
    });
  }

  describe('network.mode', () => {
    const cases: readonly (readonly [string, SettingLevels, unknown])[] = [
      ['the workspace makes it stricter', { defaultValue: 'auto', workspace: 'offline' }, 'offline'],
      [
        'a folder makes it stricter than its workspace',
        { defaultValue: 'auto', workspace: 'manual', folder: 'offline' },
        'offline',
      ],
      ['the workspace would loosen it', { defaultValue: 'auto', user: 'offline', workspace: 'auto' }, 'offline'],
      ['the workspace says something unknown', { defaultValue: 'auto', user: 'manual', workspace: 'whenever' }, 'manual'],
      ['the user says something unknown, for the server to name', { defaultValue: 'auto', user: 'sometimes' }, 'sometimes'],
      [
        'the user says something unknown, which the server reads as offline: no workspace makes it milder',
        { user: 'sometimes', workspace: 'auto' },
        'sometimes',
      ],
    ];
    for (const [rule, levels, expected] of cases) {
      it(rule, () => {
        for (const trusted of [true, false]) assert.equal(value('network.mode', levels, trusted), expected);
      });
    }
  });

  describe('privateInputs', () => {
    it('adds the patterns of the workspace to those of the user', () => {
      const levels = { defaultValue: [], user: ['github:me/*'], workspace: ['github:acme/*'], folder: ['path:*'] };
      assert.deepEqual(value('privateInputs', levels), ['github:me/*', 'github:acme/*', 'path:*']);
    });
    it('keeps the patterns of the user when the workspace says nonsense', () => {
      assert.deepEqual(value('privateInputs', { user: ['github:me/*'], workspace: 'none' }), ['github:me/*']);
    });
  });

  describe('maxAgeDays', () => {
    it('takes the smallest number', () => {
      assert.equal(value('maxAgeDays', { defaultValue: null, user: 30, workspace: 90 }), 30);
      assert.equal(value('maxAgeDays', { defaultValue: null, user: 30, workspace: 7 }), 7);
      assert.equal(value('maxAgeDays', { defaultValue: null, workspace: 90, folder: 60 }), 60);
    });
    it('lets no workspace remove the limit', () => {
      assert.equal(value('maxAgeDays', { defaultValue: null, user: 30, workspace: null }), 30);
    });
  });

  describe('diagnostics.severity', () => {
    const name = 'diagnostics.severity';
    it('lets a workspace raise a level without trust', () => {
      assert.deepEqual(combine(name, { defaultValue: {}, workspace: { unsigned: 'error' } }, false), {
        section: { [name]: { unsigned: 'error' } },
        lowered: [],
      });
    });
    it('lets a workspace lower a level only when it is trusted, and tells', () => {
      const levels = { defaultValue: {}, workspace: { unsigned: 'off', 'duplicate-source': 'warning' } };
      assert.deepEqual(combine(name, levels, false), { section: { [name]: { 'duplicate-source': 'warning' } }, lowered: [] });
      assert.deepEqual(combine(name, levels, true), {
        section: { [name]: { unsigned: 'off', 'duplicate-source': 'warning' } },
        lowered: ['diagnostics.severity: unsigned'],
      });
    });
    it("measures against the user's level", () => {
      const levels = { defaultValue: {}, user: { unsigned: 'error' }, workspace: { unsigned: 'warning' } };
      assert.deepEqual(value(name, levels, false), { unsigned: 'error' });
      assert.deepEqual(combine(name, levels, true).lowered, ['diagnostics.severity: unsigned']);
    });
    it('is not fooled by a code named like a property of every object', () => {
      const workspace = JSON.parse('{"__proto__": "off", "constructor": "error"}') as unknown;
      const { section } = combine(name, { defaultValue: {}, workspace }, false);
      assert.equal(({} as Record<string, unknown>)['unsigned'], undefined);
      assert.equal(Object.getPrototypeOf(section[name]), Object.prototype);
    });
  });

  describe('enable and exclude', () => {
    it('follow a trusted workspace, and tell', () => {
      assert.deepEqual(combine('enable', { defaultValue: true, workspace: false }), {
        section: { enable: false },
        lowered: ['enable'],
      });
    });
    it('do not follow a workspace in Restricted Mode', () => {
      assert.equal(value('enable', { defaultValue: true, workspace: false }, false), true);
      assert.deepEqual(value('exclude', { defaultValue: ['**/result'], workspace: ['**'] }, false), ['**/result']);
    });
    it('tell nothing when the workspace says the same', () => {
      assert.deepEqual(combine('exclude', { defaultValue: ['**/result'], workspace: ['**/result'] }).lowered, []);
    });
  });

  it('follows the nearest level where only looks are concerned', () => {
    assert.equal(value('inlayHints.mode', { defaultValue: 'problems', user: 'all', workspace: 'off' }, false), 'off');
  });
});
