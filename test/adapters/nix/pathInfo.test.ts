import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parsePathInfo } from '../../../server/src/adapters/nix/pathInfo';
import { localNarinfo, type LocalPathInfo } from '../../../server/src/domain/localPathInfo';
import { trustedKeys } from '../../../server/src/domain/publicKey';
import { verifyNarinfo } from '../../../server/src/domain/verifyNarinfo';
import { recorded, recordedNames, RECORDED_VERSIONS } from '../../support/nixJson';

function parse(text: string): LocalPathInfo[] {
  const parsed = parsePathInfo(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return [...parsed.value.values()];
}

function errorOf(text: string): string {
  const parsed = parsePathInfo(text);
  return parsed.ok ? 'parsed' : parsed.error;
}

describe('the path information that Nix prints', () => {
  for (const version of RECORDED_VERSIONS) {
    for (const name of recordedNames(version, 'path-info')) {
      it(`is understood: ${version} ${name}`, () => {
        const infos = parse(recorded(version, name));
        // A path that is not valid is left out: null, or "valid": false.
        if (/missing|unbuilt(?!-)/.test(name)) assert.deepEqual(infos, []);
        else assert.ok(infos.length > 0);
        for (const info of infos) {
          assert.match(info.narHash, /^sha256-/);
          assert.ok(info.narSize > 0);
        }
      });
    }

    it(`says the same of one path: ${version}`, () => {
      const app = parse(recorded(version, 'path-info-recursive')).find(({ path }) => path.endsWith('-app-1.0'));
      assert.equal(app?.narHash, 'sha256-wxGb1wx4FVG3TFF6YKHflacm8gbdw6H4D5dfgm1ka5I=');
      assert.equal(app.narSize, 176);
      assert.deepEqual(app.references, ['/nix/store/dnw7ds84yyg7zd9ypnq69akf2jh7f7cl-util-1.0']);
      assert.match(app.deriver ?? '', /^\/nix\/store\/.*-app-1\.0\.drv$/);
      assert.equal(app.ultimate, true);
      assert.deepEqual(app.signatures, []);
    });

    it(`has the signatures: ${version}`, () => {
      for (const info of parse(recorded(version, 'path-info-store-signed'))) {
        assert.equal(info.signatures.length, 1);
        assert.match(info.signatures[0] ?? '', /^demo-cache\.example\.org-1:/);
        assert.equal(info.ultimate, false);
      }
    });

    for (const name of recordedNames(version, 'path-info-ca-source')) {
      it(`has the content address in the spelling of narinfos: ${version} ${name}`, () => {
        const [source] = parse(recorded(version, name));
        assert.equal(source?.ca, 'fixed:r:sha256:0gh0pjkhg3ykk61ygnmqpahqnc35cqc3b8y8lk3ibx3fjnyldvkp');
        const check = verifyNarinfo(localNarinfo(source), { asked: source.path, trusted: trustedKeys([]) });
        assert.equal(check.kind === 'checked' && check.verdict, 'content-addressed');
      });
    }
  }

  it('is alike in the formats of 2.34', () => {
    const [plain, first, second] = ['path-info', 'path-info-format1', 'path-info-format2'].map((name) =>
      parse(recorded('2.34', name)),
    );
    assert.deepEqual(first, plain);
    assert.deepEqual(second, plain);
    assert.deepEqual(
      parse(recorded('2.34', 'path-info-store-signed-format2')),
      parse(recorded('2.34', 'path-info-store-signed-format1')),
    );
  });

  it('may have signatures in parts (format 3)', () => {
    const text = recorded('2.34', 'path-info-store-signed-format2')
      .replaceAll('"version":2', '"version":3')
      .replace(/\["(demo-cache\.example\.org-1):([^"]*)"\]/, '[{"keyName":"$1","sig":"$2"}]');
    assert.deepEqual(parse(text), parse(recorded('2.34', 'path-info-store-signed-format2')));
  });

  it('is refused in a format to come, which is named', () => {
    assert.match(errorOf('{"version":4,"info":{}}'), /version 4 /);
    assert.match(errorOf(recorded('2.34', 'path-info-format1').replace('"version":1', '"version":9')), /version 9 /);
  });

  const path = '/nix/store/dnw7ds84yyg7zd9ypnq69akf2jh7f7cl-util-1.0';
  const good = { narHash: 'sha256-wxGb1wx4FVG3TFF6YKHflacm8gbdw6H4D5dfgm1ka5I=', narSize: 1, references: [] };
  for (const [what, text] of [
    ['nothing', ''],
    ['a number', '5'],
    ['a list of numbers', '[1]'],
    ['a name that is no path', '{"__proto__":{}}'],
    ['a path with no facts', `{"${path}":{}}`],
    ['a wrong hash', JSON.stringify({ [path]: { ...good, narHash: 'sha1-x' } })],
    ['a size below zero', JSON.stringify({ [path]: { ...good, narSize: -1 } })],
    ['a reference outside the store', JSON.stringify({ [path]: { ...good, references: ['/etc/passwd'] } })],
    ['signatures that are a text', JSON.stringify({ [path]: { ...good, signatures: 'a:b' } })],
    ['a content address of no known kind', JSON.stringify({ [path]: { ...good, ca: 'x' } })],
  ]) {
    it(`is refused with ${what}`, () => assert.notEqual(errorOf(text!), 'parsed'));
  }
});
