/** Makes the fields of new records; what is made is read once more before it is believed, as everything in the files is. */
import type { InputFacts } from '../flakeFacts/types';
import type { Criteria } from './criteria';
import { parseUntil, printInstant } from './instant';
import type { JsonObject } from './shape';
import type { Tree } from './types';
import { sourceOf } from './vetFlake';

/** What a record says of the tree of an input. */
export function treeFields(input: InputFacts): JsonObject {
  const source = sourceOf(input);
  return {
    ...(source === undefined ? {} : { source }),
    ...(input.rev === undefined ? {} : { rev: input.rev }),
    ...(input.narHash === undefined ? {} : { narHash: input.narHash }),
  };
}

/** Names the tree from which a difference was reviewed. */
export function treeField({ narHash, rev }: Tree): JsonObject {
  return { ...(rev === undefined ? {} : { rev }), narHash };
}

export interface Author {
  /** `Name <mail>`. */
  readonly who: string;
  /** Milliseconds since 1970; a record has whole seconds. */
  readonly now: number;
  readonly notes?: string;
  readonly evidence?: readonly string[];
}

/** Who writes, when, and what there is to say about it. */
export function authorFields({ who, now, notes, evidence = [] }: Author): JsonObject {
  return {
    who,
    when: printInstant(now),
    ...(notes === undefined ? {} : { notes }),
    ...(evidence.length === 0 ? {} : { evidence }),
  };
}

/** Judges the end of a new record, which has to lie ahead. */
export function judgeUntil(text: string, now: number): 'ahead' | 'over' | 'no-date' {
  const until = parseUntil(text);
  if (until === undefined) return 'no-date';
  return until > now ? 'ahead' : 'over';
}

/** The first of the names that no policy defines. */
export function unknownCriterion(names: readonly string[], criteria: Pick<Criteria, 'has'> | undefined): string | undefined {
  return names.find((name) => criteria?.has(name) !== true);
}
