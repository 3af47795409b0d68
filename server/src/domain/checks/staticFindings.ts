/** All checks that need nothing but the two files and what is known of the user. */
import type { Finding } from '../finding';
import type { CheckedFlake } from './checkedFlake';

/** Runs every static check. */
export function staticFindings(_flake: CheckedFlake): readonly Finding[] {
  return [];
}
