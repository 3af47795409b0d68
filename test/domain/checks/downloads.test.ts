import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { downloadFindings } from '../../../server/src/domain/checks/downloads';
import type { FixedSource, SourceUrl } from '../../../server/src/domain/fixedSources';
import { drvOf } from '../../support/buildGraph';

function source(name: string, facts: Partial<FixedSource> = {}): FixedSource {
  return { drvPath: drvOf(name), name, algorithm: 'sha256', hash: 'sha256-x', method: 'flat', urls: [], issues: [], ...facts };
}

const plain: SourceUrl = { url: 'http://e.org/x', scheme: 'http', host: 'e.org' };
const safe: SourceUrl = { url: 'https://e.org/x', scheme: 'https', host: 'e.org' };

describe('findings about downloads', () => {
  it('are none for strong hashes over encrypted connections, nor for a source that names no URL', () => {
    assert.deepEqual(downloadFindings([source('a', { urls: [safe] }), source('b', { issues: ['no-url'] })]), []);
  });

  it('are a warning for a weak hash, and information for a plain connection', () => {
    const found = downloadFindings([
      source('a', { algorithm: 'md5', issues: ['weak-hash'] }),
      source('b', { urls: [safe, plain], issues: ['plain-http'] }),
    ]);
    assert.deepEqual(
      found.map(({ code, severity, subject, message }) => ({ code, severity, id: subject.id, message })),
      [
        {
          code: 'download-weak-hash',
          severity: 'warning',
          id: drvOf('a'),
          message: 'One download is pinned by a weak hash (md5 1): other content may have the same hash',
        },
        {
          code: 'download-insecure',
          severity: 'information',
          id: drvOf('b'),
          message: 'One download is fetched without encryption (http 1): only the hash protects what comes',
        },
      ],
    );
  });

  it('are one a kind, however many there are: counted all, named up to a hundred, in a short message', () => {
    const many = Array.from({ length: 5000 }, (_, index) =>
      source(`s${index}`, {
        algorithm: index % 2 === 0 ? 'md5' : 'sha1',
        urls: [plain],
        issues: ['weak-hash', 'plain-http'],
      }),
    );
    const found = downloadFindings(many);
    assert.equal(found.length, 2);
    for (const { evidence, message, subject } of found) {
      assert.equal(evidence?.['total'], 5000);
      assert.equal((evidence['sources'] as unknown[]).length, 100);
      assert.ok(message.length <= 120, message);
      assert.equal(subject.id, 'downloads');
    }
    assert.match(found[0]?.message ?? '', /^5000 downloads are pinned by a weak hash \(md5 2500, sha1 2500\)/);
  });
});
