/** Records by the beginning of their ids, as people copy them. */
import type { VettingRecord } from '../../domain/vetting/types';
import { plainText } from '../../util/plainText';
import { VetError } from './context';

/** Shorter beginnings would soon mean several. */
const MIN_LENGTH = 4;

/** The one record whose id begins so. */
export function recordById(records: readonly VettingRecord[], text: string): VettingRecord {
  const found =
    text.length < MIN_LENGTH
      ? []
      : [...new Map(records.filter(({ id }) => id.startsWith(text)).map((record) => [record.id, record])).values()];
  const [record] = found;
  if (record === undefined) throw new VetError(`there is no record whose id begins with "${plainText(text, 60)}"`);
  if (found.length > 1) throw new VetError(`${found.length} records have an id that begins with "${plainText(text, 60)}"`);
  return record;
}
