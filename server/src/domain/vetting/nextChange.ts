/** For how long verdicts hold while no file changes. */
import type { VettingFiles } from './vettingFiles';

/** Ages are counted in days; nobody minds when one is an hour late. */
const AT_MOST_MS = 3_600_000;

/** The first time after `now` when a record or a suppression begins or ends; an hour later at the latest. Milliseconds since 1970. */
export function nextChange({ records, policy }: Pick<VettingFiles, 'records' | 'policy'>, now: number): number {
  let next = now + AT_MOST_MS;
  const consider = (time: number | undefined): void => {
    if (time !== undefined && time > now && time < next) next = time;
  };
  for (const { until, when } of records) {
    consider(until);
    consider(when);
  }
  for (const { until } of policy?.suppressions ?? []) consider(until);
  return next;
}
