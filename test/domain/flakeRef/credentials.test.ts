import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findCredential } from '../../../server/src/domain/flakeRef';

describe('findCredential', () => {
  const found: [name: string, text: string, secret: string, rest: string][] = [
    ['a password', 'git+https://bob:hunter2@h/x', 'bob:hunter2', 'git+https://h/x'],
    ['a password of ssh', 'git+ssh://git:hunter2@h/x', 'git:hunter2', 'git+ssh://h/x'],
    ['a token of GitHub as user', 'https://ghp_0123456789@github.com/o/r', 'ghp_0123456789', 'https://github.com/o/r'],
    ['a long token as user', 'https://0123456789abcdef01234567@h/x', '0123456789abcdef01234567', 'https://h/x'],
    ['a password with an @ in it', 'https://u:p@ss@h/x', 'u:p@ss', 'https://h/x'],
    ['a token in the query', 'https://h/x?private_token=abc', 'abc', 'https://h/x'],
    ['a token before others', 'https://h/x?access_token=abc&ref=main#f', 'abc', 'https://h/x?ref=main#f'],
    ['a token behind others', 'https://h/x?ref=main&TOKEN=abc', 'abc', 'https://h/x?ref=main'],
  ];
  for (const [name, text, secret, rest] of found) {
    it(`finds ${name}, and what remains is a URL`, () => {
      const credential = findCredential(text);
      assert.ok(credential);
      assert.equal(text.slice(credential.span.start, credential.span.end), secret);
      assert.equal(text.slice(0, credential.removal.start) + text.slice(credential.removal.end), rest);
    });
  }

  const none = [
    'git+ssh://git@github.com/o/r',
    'https://user@h/x',
    'https://user:@h/x',
    'https://h/x?token=',
    'https://h/x?ref=a@b:c',
    'https://h/a:b@c',
    'git@github.com:o/r',
    'github:o/r',
    'git+https://h/x?publicKey=AAAA',
  ];
  for (const text of none) it(`finds nothing in ${text}`, () => assert.equal(findCredential(text), undefined));

  it('names places inside the text, whatever that is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }), fc.stringMatching(/^https:\/\/[@:?&=a]*$/)),
        (text) => {
          const credential = findCredential(text);
          if (credential === undefined) return;
          for (const { start, end } of [credential.span, credential.removal])
            assert.ok(0 <= start && start <= end && end <= text.length);
        },
      ),
    );
  });
});
