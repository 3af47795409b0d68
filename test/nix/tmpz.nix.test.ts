/** Which texts are stores, and which parameters they take: ours against what the installed Nix says. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseSubstituter } from '../../server/src/domain/substituter';
import { makeRealNix, type RealNix } from './realNix';

/** `@` stands for a folder of the test, since Nix creates the directory of a file cache. Port 1 of this machine refuses at once. */
const TEXTS = [
  'file://@/a',
  'file:@/b/',
  'file://@//c//d/',
  'file://localhost@/e',
  'file://@/f?priority=5&trusted=true',
  'file://@/g?priority=5&priority=x',
  'file://@/h?priority=x&priority=5',
  'file://@/i?priority=+5',
  'file://@/j?priority=-5',
  'file://@/k?priority=',
  'file://@/l?priority=1k',
  'file://@/m?priority=2147483648',
  'file://@/n?priority=5%30',
  'file://@/o?priority',
  'file://@/p?trusted=maybe',
  'file://@/q?compression-level=x',
  'file://@/r?foo=1&bar=2&prior%69ty=x',
  'file://@/s?want-mass-query=yes&parallel-compression=0&write-nar-listing=1&index-debug-info=no&compression=xz&local-nar-cache=/x',
  'file://@/t#fragment?x',
  'file://@/u|v',
  'file://@/w%7',
  'http://127.0.0.1:1',
  'http://127.0.0.1:1//?foo=1',
  'http://127.0.0.1:1?trusted=2',
  'http:127.0.0.1:1',
  'http://me:pw%40@127.0.0.1:1/',
  'http://[::1]:1/x',
  'http://127.0.0.1:1/a b',
  'HTTP://127.0.0.1:1',
  'foo://x',
  'nonsense',
  'cache.example.org',
];

const REFUSED = /don't know how to open Nix store|has invalid value|invalid URI parameter|cannot be empty|not an absolute path/;

describe('store URLs, as the installed Nix takes them', function () {
  this.timeout(120_000);
  let nix: RealNix;
  before(async () => {
    nix = await makeRealNix();
  });
  after(() => nix.dispose());

  async function compare(template: string): Promise<void> {
    const text = template.replaceAll('@/', `${nix.dir}/caches/`);
    const options = ['--option', 'download-attempts', '1', '--option', 'connect-timeout', '2'];
    const { stderr } = await nix.run(['store', 'ping', '--store', text, ...options]);
    const ours = parseSubstituter(text);
    assert.equal(!ours.ok, REFUSED.test(stderr), `${text}: ${stderr}`);
    const unknown = [...stderr.matchAll(/warning: unknown setting '(.*)'/g)].map((match) => match[1]);
    // Nix warns when the store is open, so not of one that nobody serves.
    if (ours.ok && ours.value.scheme === 'file') assert.deepEqual([...ours.value.unknownParams].sort(), unknown.sort(), text);
  }

  for (const text of TEXTS) it(text, () => compare(text));

  it('any parameters of a file cache', async () => {
    const name = fc.constantFrom(
      'priority',
      'trusted',
      'want-mass-query',
      'compression',
      'store',
      'path-info-cache-size',
      'foo',
      '',
    );
    const value = fc.constantFrom(
      '',
      '1',
      '0',
      '-1',
      'true',
      'yes',
      'no',
      'x',
      '%31',
      '%zz',
      '/nix/store',
      '10',
      'a=b',
      '+7',
      '0x1',
    );
    const pairs = fc.array(fc.tuple(name, value), { maxLength: 3 }).map((all) => all.map((pair) => pair.join('=')).join('&'));
    await fc.assert(
      fc.asyncProperty(pairs, (query) => compare(`file://@/any?${query}`)),
      { numRuns: 1500 },
    );
  });
});
