import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseUrl } from '../../server/src/util/parseUrl';

describe('parseUrl', () => {
  it('gives a URL, or nothing', () => {
    assert.equal(parseUrl('https://A.example:443/x')?.href, 'https://a.example/x');
    for (const text of ['', 'x', '/x', 'https://', 'http://[::1']) assert.equal(parseUrl(text), undefined, text);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => ['undefined', 'object'].includes(typeof parseUrl(`http://${text}`))));
  });
});
