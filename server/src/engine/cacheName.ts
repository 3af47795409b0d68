import { plainText } from '../util/plainText';

/**
 * Names a cache in a message: its URL without `https://`. A long one loses its middle, since two caches at one host differ at the end, and two
 * hosts at the beginning.
 */
export function cacheName(url: string, maxLength: number): string {
  const name = plainText(url.replace(/^https?:\/\//, ''), 1000);
  if (name.length <= maxLength) return name;
  const end = Math.ceil((maxLength - 1) / 2);
  return `${name.slice(0, maxLength - 1 - end)}…${name.slice(-end)}`;
}
