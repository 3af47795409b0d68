/**
 * Another organisation's records as they count here. Not transitive: what they import is not in their file. Their exemptions and whom they
 * trust are decisions for themselves, and do not count.
 */
import { BUILT_IN_CRITERIA } from './criteria';
import { meansSource } from './sources';
import type { ImportRule, VettingRecord } from './types';

const COUNTED: ReadonlySet<VettingRecord['kind']> = new Set<VettingRecord['kind']>(['audit', 'violation', 'revocation']);

/** Selects and translates. The built-in criteria mean the same everywhere, unless the map says otherwise; others count only as mapped. */
export function importedRecords(records: readonly VettingRecord[], rule: ImportRule): VettingRecord[] {
  const excludedIds = new Set(rule.exclude);
  const excludedSources = rule.exclude.filter((pattern) => pattern.includes('/'));
  return records.flatMap((record) => {
    const { kind, source } = record;
    if (!COUNTED.has(kind) || excludedIds.has(record.id)) return [];
    if (source !== undefined && excludedSources.some((pattern) => meansSource(pattern, source))) return [];
    const criteria = mappedCriteria(record.criteria, rule);
    // Of a review, what has no meaning here says nothing; a violation of something without a meaning here is one of everything.
    if (kind === 'audit' && criteria.length === 0) return [];
    const narrowed =
      kind === 'violation' && record.criteria.some((name) => mappedCriteria([name], rule).length === 0) ? [] : criteria;
    return [{ ...record, criteria: narrowed, importedFrom: rule.name }];
  });
}

/** What criteria of the other organisation count for here. */
export function mappedCriteria(names: readonly string[], rule: Pick<ImportRule, 'criteria'>): readonly string[] {
  return [...new Set(names.flatMap((name) => rule.criteria.get(name) ?? (BUILT_IN_CRITERIA.has(name) ? [name] : [])))];
}
