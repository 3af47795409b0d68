/** What every report is printed from: an audit that was just made, or one that was read back from its JSON. */
import type { AuditReport, ClosurePath, ClosureReport } from '../domain/closureReport';
import type { InputsReport } from '../domain/inputsReport';
import { chainTo, reachedThrough } from '../domain/reachedThrough';
import type { StorePath } from '../domain/storePath';
import type { ClosureAudit } from '../engine/closure/auditReport';

/** A finished audit. Reports read it once and keep nothing of it, so that tens of thousands of paths are never one text. */
export interface FinishedAudit {
  /** Flake, lock, caches, inputs, and the findings about all of it. */
  readonly report: InputsReport;
  /** Of an audit of store paths or outputs. */
  readonly closure?: FinishedClosure;
}

export interface FinishedClosure {
  /** All of the closure but its paths, which may be many. */
  readonly summary: Omit<ClosureReport, 'paths'>;
  /** Sorted by store path; may be walked more than once. */
  readonly paths: () => Iterable<ClosurePath>;
  /**
   * By place in {@link paths}: the place of the path through which a path was first reached, `FROM_ROOT` or `FROM_NO_ROOT`. Linear in paths and
   * references.
   */
  readonly reachedThrough: () => Int32Array;
  /**
   * The shortest chain of references from a root to a path, both included, or from what no root leads to; empty when the closure does not have
   * the path.
   */
  readonly why: (storePath: string) => readonly string[];
}

/** An audit that was just made. */
export function finishedAudit({ closure, report, summary, describe }: ClosureAudit): FinishedAudit {
  return {
    report,
    closure: {
      summary,
      paths: describe === undefined ? () => closure.eachPath() : () => described(closure.eachPath(), describe),
      reachedThrough: () => closure.reachedThrough(),
      why: (storePath) => closure.why(storePath as StorePath),
    },
  };
}

/** An audit as the public contract has it, for example read back from a file. */
export function auditOfReport({ closure, ...report }: AuditReport): FinishedAudit {
  if (closure === undefined) return { report };
  const { paths, ...summary } = closure;
  // Several chains may be asked for: the walk is made once.
  let through: Int32Array | undefined;
  const walked = (): Int32Array => (through ??= reachedThrough(summary.roots, paths));
  return {
    report,
    closure: { summary, paths: () => paths, reachedThrough: walked, why: (path) => chainTo(path, paths, walked()) },
  };
}

/** Tells whether every cache was asked for every path. */
export function isChallenge({ coverage }: Pick<ClosureReport, 'coverage'>): boolean {
  return coverage.some(({ onlyHere }) => onlyHere !== undefined);
}

function* described(paths: Iterable<ClosurePath>, describe: (path: ClosurePath) => ClosurePath): Generator<ClosurePath> {
  for (const path of paths) yield describe(path);
}
