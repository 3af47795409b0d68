import assert from 'node:assert/strict';
import type { NarHash } from '../../server/src/domain/hash';
import { printRecord, withId } from '../../server/src/domain/vetting/edit';
import { readPolicy } from '../../server/src/domain/vetting/policy';
import { readRecord } from '../../server/src/domain/vetting/records';
import type { JsonObject } from '../../server/src/domain/vetting/shape';
import type { Policy, VettingRecord } from '../../server/src/domain/vetting/types';

export const NOW = Date.parse('2026-11-25T12:00:00Z');
export const SOURCE = 'github.com/example/lib';

/** A record with what all kinds need; `fields` say the rest. */
export function recordOf(fields: JsonObject): VettingRecord {
  const record = readRecord(withId({ who: 'Ada <ada@example.org>', when: '2026-11-01T00:00:00Z', source: SOURCE, ...fields }), 0);
  assert.ok('kind' in record, 'message' in record ? record.message : '');
  return record;
}

/** A full review of a tree, or of what changed `from` another. */
export function auditOf(narHash: NarHash, fields: JsonObject = {}, from?: NarHash): VettingRecord {
  return recordOf({
    kind: 'audit',
    narHash,
    criteria: ['safe-to-build'],
    ...(from === undefined ? {} : { from: { narHash: from } }),
    ...fields,
  });
}

export function exemptionOf(narHash: NarHash, fields: JsonObject = {}): VettingRecord {
  return recordOf({ kind: 'exemption', narHash, criteria: ['safe-to-build'], until: '2027-01-01', ...fields });
}

export function violationOf(fields: JsonObject): VettingRecord {
  return recordOf({ kind: 'violation', notes: 'It is bad.', ...fields });
}

export function revocationOf(record: VettingRecord, fields: JsonObject = {}): VettingRecord {
  return recordOf({ kind: 'revocation', revokes: record.id, notes: 'A mistake.', ...fields });
}

/** The text of a records.jsonc with these records, each without its id. */
export function recordsText(...records: readonly JsonObject[]): string {
  const full = records.map((fields) => withId({ who: 'Ada <ada@example.org>', when: '2026-11-01T00:00:00Z', ...fields }));
  return ['{', '  "version": 1,', '  "records": [', ...full.map((record) => printRecord(record)), '  ],', '}', ''].join('\n');
}

/** A policy without mistakes. */
export function policyOf(fields: JsonObject = {}): Policy {
  const { policy, problems } = readPolicy(JSON.stringify({ version: 1, ...fields }));
  assert.deepEqual(problems, []);
  assert.ok(policy !== undefined);
  return policy;
}
