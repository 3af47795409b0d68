/** All checks that need nothing but the two files and what is known of the user. */
import { compareText } from '../../util/compare';
import type { Finding } from '../finding';
import { checkedFlake, type CheckedFlake, type ReadFlake } from './checkedFlake';
import { credentialsInUrl } from './credentialsInUrl';
import { duplicateSource } from './duplicateSource';
import { flakeMalformed } from './flakeMalformed';
import { followsDangling } from './followsDangling';
import { followsRoot } from './followsRoot';
import { indirectRef } from './indirectRef';
import { insecureTransport } from './insecureTransport';
import { keyMalformed } from './keyMalformed';
import { keyNameReused } from './keyNameReused';
import { keyNoSubstituter } from './keyNoSubstituter';
import { localPathInput } from './localPathInput';
import { lockMissing } from './lockMissing';
import { lockNoHash } from './lockNoHash';
import { lockOutOfDate } from './lockOutOfDate';
import { lockTampered } from './lockTampered';
import { lockUnreadable } from './lockUnreadable';
import { nixConfigWidensTrust } from './nixConfigWidensTrust';
import { registryOverride } from './registryOverride';
import { staleInput } from './staleInput';
import { substituterInsecure } from './substituterInsecure';
import { substituterNoKey } from './substituterNoKey';
import { unexpectedOwner } from './unexpectedOwner';

const CHECKS: readonly ((flake: CheckedFlake) => readonly Finding[])[] = [
  flakeMalformed,
  lockMissing,
  lockUnreadable,
  lockTampered,
  lockOutOfDate,
  lockNoHash,
  followsDangling,
  followsRoot,
  indirectRef,
  insecureTransport,
  credentialsInUrl,
  localPathInput,
  duplicateSource,
  staleInput,
  unexpectedOwner,
  substituterNoKey,
  keyNoSubstituter,
  keyMalformed,
  keyNameReused,
  substituterInsecure,
  nixConfigWidensTrust,
  registryOverride,
];

/** Runs every static check: one finding for each code and subject, in order of their places, those in flake.nix first. */
export function staticFindings(flake: ReadFlake): readonly Finding[] {
  const checked = checkedFlake(flake);
  const seen = new Set<string>();
  return CHECKS.flatMap((check) => check(checked))
    .sort(byPlace)
    .filter(({ code, subject }) => {
      const key = `${code} ${subject.kind} ${subject.id}`;
      return !seen.has(key) && seen.add(key).size > 0;
    });
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compareText(b.place?.file ?? '', a.place?.file ?? '') ||
    (a.place?.span.start ?? 0) - (b.place?.span.start ?? 0) ||
    compareText(a.code, b.code) ||
    compareText(a.subject.id, b.subject.id)
  );
}
