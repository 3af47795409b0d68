/** Dates, ages, names of caches and of checks in words, the same in hover, hints, lens and details. */
import type { FindingCode } from '../domain/finding';
import { FIRST_PLAUSIBLE_SEC } from '../domain/plausibleDate';
import { plainText } from '../util/plainText';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Writes a time (milliseconds since 1970) as a date in UTC: `2 Nov 2026`. A time that no calendar has gives nothing. */
export function dateOf(time: number): string | undefined {
  const date = new Date(time);
  if (Number.isNaN(date.getTime()) || time < FIRST_PLAUSIBLE_SEC * 1000) return undefined;
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()}`;
}

const count = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;

/** Writes how old something is, roughly: `today`, `20 days`, `5 months`, `2 years`; `in the future` where a clock or a lock lies. */
export function ageOf(time: number, now: number): string {
  const days = Math.floor((now - time) / DAY_MS);
  if (now - time < -DAY_MS) return 'in the future';
  if (days < 1) return 'today';
  if (days < 60) return count(days, 'day');
  return days < 730 ? count(Math.floor(days / 30.44), 'month') : count(Math.floor(days / 365.25), 'year');
}

/** Writes an age with `old`: `20 days old`. */
export function oldness(time: number, now: number): string {
  const age = ageOf(time, now);
  return /\d/.test(age) ? `${age} old` : age;
}

/** Writes how long ago a check was: `just now`, `12 min ago`, `3 h ago`, `2 days ago`. */
export function ago(time: number, now: number): string {
  const passed = now - time;
  if (passed < MINUTE_MS) return 'just now';
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`;
  if (passed < DAY_MS) return `${Math.floor(passed / HOUR_MS)} h ago`;
  return `${count(Math.floor(passed / DAY_MS), 'day')} ago`;
}

/** Names a cache as findings do: without `https://`. Its path stays, since one host may serve many caches. */
export function cacheName(url: string): string {
  return plainText(url.replace(/^https?:\/\//i, ''), 60);
}

/** Shortens a revision for people, as Git does; anything that is no revision is left alone. */
export function shortRev(rev: string): string {
  return /^[0-9a-f]{40,64}$/.test(rev) ? rev.slice(0, 7) : rev;
}

/** Each check in at most 30 characters, to stand behind an input. */
export const SHORT_WORDS: Readonly<Record<FindingCode, string>> = {
  'lock-missing': 'no flake.lock',
  'lock-out-of-date': 'lock is out of date',
  'lock-no-hash': 'no hash in flake.lock',
  'flake-malformed': 'flake.nix is not whole',
  'lock-unreadable': 'flake.lock cannot be read',
  'lock-tampered': 'not what was asked for',
  'follows-dangling': 'follows nothing',
  'follows-root': 'follows the root flake',
  'indirect-ref': 'from the flake registry',
  'insecure-transport': 'fetched over plain http',
  'credentials-in-url': 'credential in the URL',
  'local-path-input': 'path on this machine',
  'duplicate-source': 'also at another revision',
  'stale-input': 'older than your limit',
  'unexpected-owner': 'owner not in your list',
  'hash-mismatch': 'hash mismatch',
  'caches-disagree': 'caches disagree',
  'signature-invalid': 'signature does not verify',
  'signer-unknown': 'unknown signer',
  'narinfo-changed': 'content changed in a cache',
  'closure-incomplete': 'closure not audited fully',
  'download-weak-hash': 'weak hash of a download',
  'download-insecure': 'download without encryption',
  unsigned: 'unsigned',
  'substituter-no-key': 'no key for this cache',
  'key-no-substituter': 'no cache for this key',
  'key-malformed': 'not a public key',
  'key-name-reused': 'known name, other key',
  'substituter-insecure': 'cache over plain http',
  'nixconfig-widens-trust': 'would add trust',
  'registry-override': 'widens trust',
  'not-vetted': 'no review of this hash',
  'vetting-expired': 'review has ended',
  'vetting-other-hash': 'records are of another hash',
  denied: 'denied by a record',
  'policy-invalid': 'mistake in the policy files',
  'record-signature': 'forged or damaged record',
  'policy-input': 'not allowed by the policy',
  'policy-keys': 'signatures are missing',
  'policy-cache': 'in no cache of the policy',
  'policy-agreement': 'too few caches agree',
  'policy-local-build': 'must not be built here',
};
