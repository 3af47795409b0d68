import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';
import { readPolicy } from '../../../server/src/domain/vetting/policy';
import { readRecords } from '../../../server/src/domain/vetting/records';
import { makeSigner } from '../../support/signer';
import { narHashOf } from '../../support/flakeFacts';

const validator = (name: string) => {
  const schema = JSON.parse(readFileSync(path.join(__dirname, '../../../docs/schema', name), 'utf8')) as object;
  // The two keywords are VS Code's own.
  return new Ajv({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allowUnionTypes: true,
    keywords: ['allowTrailingCommas', 'allowComments'],
  }).compile(schema);
};

describe('the schemas that editors complete and check the vetting files with', () => {
  const key = makeSigner('ada-1').publicKey;
  const common = { who: 'Ada', when: '2026-11-01T00:00:00Z', source: 'github.com/example/lib' };
  const audit = { kind: 'audit', ...common, narHash: narHashOf('a'), criteria: ['safe-to-build'] };

  const policies: readonly (readonly [boolean, object])[] = [
    [true, {}],
    [
      true,
      {
        criteria: { ours: { description: 'x', implies: ['safe-to-build'] } },
        inputs: [
          {
            match: 'nixpkgs',
            criteria: ['ours'],
            level: 'error',
            maxAgeDays: 3,
            owners: ['a'],
            hosts: ['b'],
            refs: ['c'],
            signedCommits: true,
          },
        ],
      },
    ],
    [true, { reviewers: [{ who: 'Ada', keys: [key], criteria: ['safe-to-build'] }], signatures: 'required' }],
    [
      true,
      {
        imports: {
          acme: {
            from: 'https://example.org/r',
            criteria: { theirs: 'safe-to-build' },
            exclude: ['github.com/a/*'],
            keys: [key],
          },
        },
      },
    ],
    [
      true,
      {
        outputs: {
          signedBy: { keys: [key], atLeast: 'all' },
          caches: ['https://cache.example.org'],
          agreement: true,
          localBuilds: [],
        },
      },
    ],
    [true, { suppressions: [{ code: 'unsigned', subject: 'x', reason: 'y', until: '2027-01-01' }] }],
    [false, { input: [] }],
    [false, { inputs: [{ maxAge: 3 }] }],
    [false, { inputs: [{ level: 'fatal' }] }],
    [false, { reviewers: [{ keys: [key] }] }],
    [false, { reviewers: [{ who: 'Ada', keys: ['x'] }] }],
    [false, { imports: { acme: {} } }],
    [false, { outputs: { signedBy: { keys: [] } } }],
    [false, { suppressions: [{ code: 'unsigned', until: '2027-01-01' }] }],
  ];
  policies.forEach(([good, fields], n) => {
    it(`say the same of policy ${n + 1} as the reader`, () => {
      const policy = { version: 1, ...fields };
      assert.equal(readPolicy(JSON.stringify(policy)).problems.length === 0, good);
      assert.equal(validator('policy.schema.json')(policy), good);
    });
  });

  const records: readonly (readonly [boolean, object])[] = [
    [true, audit],
    [
      true,
      {
        ...audit,
        from: { narHash: narHashOf('b'), rev: 'a'.repeat(40) },
        rev: 'b'.repeat(40),
        scope: 's',
        paths: ['lib/**'],
        until: '2027-01-01',
        notes: 'n',
        evidence: ['e'],
      },
    ],
    [true, { kind: 'exemption', ...common, narHash: narHashOf('a'), criteria: ['safe-to-build'], until: '2027-01-01T00:00:00Z' }],
    [true, { kind: 'trust', ...common, criteria: ['safe-to-build'], until: '2027-01-01' }],
    [true, { kind: 'violation', ...common, notes: 'n' }],
    [true, { kind: 'revocation', ...common, revokes: '0'.repeat(32), notes: 'n' }],
    [false, { ...audit, kind: 'hearsay' }],
    [false, { ...audit, untill: '2027-01-01' }],
    [false, { ...audit, until: 'soon' }],
    [false, { ...audit, criteria: [] }],
    [false, { ...audit, narHash: 'sha256:abc' }],
    [false, { ...audit, when: '2026-11-01' }],
    [false, { kind: 'exemption', ...common, narHash: narHashOf('a'), criteria: ['safe-to-build'] }],
    [false, { kind: 'trust', ...common, criteria: ['safe-to-build'] }],
    [false, { kind: 'violation', who: 'Ada', when: common.when, notes: 'n' }],
    [false, { kind: 'revocation', ...common, revokes: 'x', notes: 'n' }],
  ];
  records.forEach(([good, record], n) => {
    it(`say the same of record ${n + 1} as the reader`, () => {
      const file = { version: 1, records: [record] };
      assert.equal(readRecords(JSON.stringify(file)).problems.length === 0, good);
      assert.equal(validator('records.schema.json')(file), good);
    });
  });
});
