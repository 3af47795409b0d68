import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ClosureReport } from '../../server/src/domain/closureReport';
import type { InputReport } from '../../server/src/domain/inputsReport';
import { binariesText, planText } from '../../server/src/report/nixText';
import { drvOf, pathOf } from '../support/buildGraph';

const input = (path: string, binaries?: InputReport['binaries']): InputReport => ({
  path: path.split('/'),
  node: path,
  type: 'github',
  reference: '',
  flake: true,
  private: false,
  answers: [],
  signer: { verdict: 'unknown', keyNames: [] },
  vetting: { state: 'no-policy' },
  ...(binaries === undefined ? {} : { binaries }),
});

const binaries = {
  system: 'x86_64-linux',
  outputs: 48,
  found: 47,
  verified: 46,
  keyNames: ['cache.example-1'],
  caches: ['https://cache.example'],
  checkedAt: '2026-05-01T00:00:00.000Z',
};

const report: Pick<ClosureReport, 'plan' | 'sources'> = {
  plan: {
    nix: '2.34.8',
    local: 3,
    substitute: 2,
    build: [{ drvPath: drvOf('app'), outputs: ['out'], reason: 'broken-closure', missing: pathOf('gone') }],
    missing: [],
    unplanned: [],
  },
  sources: {
    totals: {
      sources: 2,
      byAlgorithm: { sha1: 1, sha256: 1 },
      byHost: [{ host: 'e.org', sources: 2 }],
      byIssue: { 'weak-hash': 1, 'plain-http': 1, 'no-url': 0 },
    },
    list: [
      {
        drvPath: drvOf('src'),
        name: 'src',
        algorithm: 'sha1',
        hash: 'sha1-x',
        method: 'flat',
        urls: [{ url: 'http://e.org/src', scheme: 'http', host: 'e.org' }],
        issues: ['weak-hash', 'plain-http'],
      },
    ],
  },
};

describe('what running Nix adds to the text', () => {
  it('is nothing where nothing is known', () => {
    assert.equal(binariesText([input('nixpkgs')], false), '');
    assert.equal(planText({}, false), '');
  });

  it('is who signed the binaries of the inputs of flake.nix', () => {
    assert.equal(
      binariesText([input('a/nixpkgs', binaries), input('nixpkgs', binaries)], false),
      [
        '',
        'Binaries of inputs',
        '  nixpkgs: 46 of 48 output paths signed by cache.example-1, verified; 47 in caches, from cache.example',
        '    of its packages for x86_64-linux, found out 2026-05-01',
        '',
      ].join('\n'),
    );
  });

  it('is what Nix would do, and what that downloads', () => {
    assert.equal(
      planText(report, false),
      [
        '',
        'What Nix 2.34.8 would do',
        '       3  in the local store',
        '       2  fetched',
        '       1  built here',
        `    ${drvOf('app')}`,
        `      something that it refers to cannot be had (${pathOf('gone')})`,
        '',
        'What the builds download: no signature covers it, only a hash',
        '       2  downloads',
        '       1  pinned by a weak hash (MD5, SHA-1)',
        '       1  not encrypted (http, ftp, git, svn)',
        '    from e.org 2',
        '    src: weak hash sha1, not encrypted (http://e.org/src)',
        '',
      ].join('\n'),
    );
  });

  it('cannot act on a terminal, nor flood it', () => {
    const hostile = '\u001B[31mx\u202E\n';
    const many = Array.from({ length: 5000 }, () => ({ drvPath: hostile, outputs: [hostile], reason: 'forbidden' as const }));
    const plan = { nix: hostile, local: 0, substitute: 0, build: many, missing: many.map(() => hostile), unplanned: [hostile] };
    const text =
      planText({ plan }, false) + binariesText([input('x', { ...binaries, keyNames: [hostile], system: hostile })], false);
    assert.doesNotMatch(text, /\u001B|\u202E/);
    assert.ok(text.split('\n').length < 100);
  });
});
