import assert from 'node:assert/strict';
import { cacheName } from '../../server/src/engine/cacheName';

describe('cacheName', () => {
  it('leaves a short URL whole, without its scheme', () => {
    assert.equal(cacheName('https://cache.nixos.org', 30), 'cache.nixos.org');
    assert.equal(cacheName('file:///srv/cache', 30), 'file:///srv/cache');
  });

  it('keeps both ends of a long one, so that caches at one host, and hosts with one path, stay apart', () => {
    const names = ['https://cache.example.org/team/a', 'https://cache.example.org/team/b', 'https://other.example.org/team/a'];
    const short = names.map((url) => cacheName(url, 20));
    assert.deepEqual(short, ['cache.exa…org/team/a', 'cache.exa…org/team/b', 'other.exa…org/team/a']);
    assert.equal(new Set(short).size, 3);
    for (const name of short) assert.ok(name.length <= 20, name);
  });
});
