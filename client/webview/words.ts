/** What numbers and names of the report are called on the page. */
import type { Verdict } from './messages';

/** From best to worst; also the order of a sorted column. */
export const VERDICTS: readonly Verdict[] = [
  'verified',
  'content-addressed',
  'untrusted-key',
  'unsigned',
  'absent',
  'unknown',
  'invalid-signature',
  'hash-mismatch',
];

const LABELS: Readonly<Record<Verdict, readonly [label: string, sentence: string]>> = {
  verified: ['Verified', 'Signed by a key that you trust; the signature was verified.'],
  'content-addressed': ['Content-addressed', 'Needs no signature: its name follows from its content.'],
  'untrusted-key': ['Untrusted key', 'Signed only by keys that you do not trust.'],
  unsigned: ['Unsigned', 'Served without a signature.'],
  absent: ['In no cache', 'None of the caches that answered has it.'],
  unknown: ['Not checked', 'No cache gave an answer. That is neither good nor bad.'],
  'invalid-signature': ['Invalid signature', 'Has a signature under the name of a trusted key that does not verify.'],
  'hash-mismatch': ['Hash mismatch', 'A cache serves other content than flake.lock pins.'],
};

export function isVerdict(name: string): name is Verdict {
  return Object.hasOwn(LABELS, name);
}

export function verdictLabel(name: string): string {
  return isVerdict(name) ? LABELS[name][0] : name;
}

export function verdictSentence(name: string): string {
  return isVerdict(name) ? LABELS[name][1] : name;
}

export const AGREEMENT_LABELS = {
  none: ['–', 'No cache has it.'],
  single: ['One source', 'One cache, or mirrors of one, have it: nothing to compare with.'],
  agree: ['Agree', 'At least two independent caches have the same content.'],
  differ: ['Differ', 'Caches have different content for this path.'],
} as const;

export const BUILT_LABELS = {
  no: '',
  local: 'Built here',
  'would-build': 'To be built',
} as const;

const whole = new Intl.NumberFormat('en');
const percents = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

/** `50,000`. */
export function count(value: number): string {
  return whole.format(value);
}

/** `1 path`, `2 paths`. */
export function plural(value: number, word: string, words = `${word}s`): string {
  return `${count(value)} ${value === 1 ? word : words}`;
}

/** A share of a whole: never 0 % of something, nor 100 % of less than all. */
export function percent(part: number, all: number): string {
  if (all === 0) return '–';
  const share = part / all;
  if (part > 0 && share < 0.001) return '< 0.1%';
  if (part < all && share > 0.999) return '> 99.9%';
  return percents.format(share);
}

/** `1.2 MiB`; the empty text for an unknown size. */
export function bytes(value: number): string {
  if (value < 0) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? whole.format(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A cache as short as it is clear: plain http is worth being seen, but not on this machine. */
export function cacheLabel(url: string): string {
  return url.replace(/^https:\/\/|^http:\/\/(?=(localhost|127\.0\.0\.1)[:/])/, '').replace(/\/$/, '');
}

/** `2026-11-22 14:03 UTC`. */
export function moment(iso: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(iso);
  return match === null ? iso : `${match[1] ?? ''} ${match[2] ?? ''} UTC`;
}
