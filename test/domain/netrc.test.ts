import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { netrcCredentials, parseNetrc } from '../../server/src/domain/netrc';

function basic(text: string, host: string): string | null {
  const found = netrcCredentials(parseNetrc(text), host);
  return found === undefined ? null : `${found.login}:${found.password}`;
}

interface Vector {
  readonly text: string;
  readonly host: string;
  readonly basic: string | null;
}

const vectors = JSON.parse(readFileSync(join(__dirname, '../fixtures/nixconf/netrc.json'), 'utf8')) as readonly Vector[];

describe('netrc', () => {
  for (const { text, host, basic: expected } of vectors) {
    it(`answers as Nix does for ${JSON.stringify(text)}`, () => assert.equal(basic(text, host), expected));
  }

  const cases: readonly (readonly [rule: string, text: string, expected: string | null])[] = [
    ['hosts and keywords have no case', 'MACHINE Cache.Example LOGIN a PASSWORD b', 'a:b'],
    ['an entry may span lines', 'machine\ncache.example\nlogin\na\npassword\nb', 'a:b'],
    ['lines may end as on Windows', 'machine cache.example\r\nlogin a\r\npassword b\r\n', 'a:b'],
    ['default in front wins', 'default login d password e\nmachine cache.example login a password b', 'd:e'],
    [
      'default after the entry of the host does not',
      'machine cache.example login a password b\ndefault login d password e',
      'a:b',
    ],
    ['an entry with nothing is none', 'machine cache.example\nmachine cache.example login a password b', 'a:b'],
    ['a login alone has an empty password', 'machine cache.example login a', 'a:'],
    ['a comment may follow on a line', 'machine cache.example login a password b # c', 'a:b'],
    ['a hash inside a word is no comment', 'machine cache.example login a password b#c', 'a:b#c'],
    ['escapes work in quotes only', 'machine cache.example login "a\\tb" password c\\td', 'a\tb:c\\td'],
    ['an empty quote is a word', 'machine cache.example login "" password b', ':b'],
    ['an open quote ends the reading', 'machine cache.example login a password "b\ndefault login c password d', null],
    ['entries before an open quote count', 'machine cache.example login a password b\nmachine x login "c', 'a:b'],
    ['a complete entry just before an open quote counts', 'machine cache.example login a password b\n"c', 'a:b'],
    ['an entry with a password alone ends at the next', 'machine cache.example password b\nmachine x login c password d', ':b'],
    [
      'a macro lasts to the empty line',
      'macdef m\nmachine cache.example login x password y\n\nmachine cache.example login a password b',
      'a:b',
    ],
    ['nothing is found in nothing', '', null],
    ['a keyword may be a value', 'machine cache.example login machine password default', 'machine:default'],
  ];
  for (const [rule, text, expected] of cases) {
    it(rule, () => assert.equal(basic(text, 'cache.example'), expected));
  }

  it('matches the whole host', () => {
    const text = 'machine cache.example login a password b';
    for (const host of ['cache.example.org', 'my.cache.example', 'example', 'cache.example.', ''])
      assert.equal(basic(text, host), null);
  });

  it('never throws', () => {
    const word = fc.constantFrom(
      'machine',
      'default',
      'login',
      'password',
      'macdef',
      '"',
      '\\',
      '#',
      '\n',
      ' ',
      'x',
      '__proto__',
    );
    fc.assert(fc.property(fc.array(word), (words) => void parseNetrc(words.join(' '))));
    fc.assert(fc.property(fc.string(), (text) => void parseNetrc(text)));
  });
});
