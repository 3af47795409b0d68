/** What every report is printed from: an audit that was just made, or one that was read back from its JSON. */
import type { AuditReport, ClosurePath, ClosureReport } from '../domain/closureReport';
import type { InputsReport } from '../domain/inputsReport';
import type { StorePath } from '../domain/storePath';
import type { ClosureAudit } from '../engine/closure/auditReport';
import { shortestChain } from './shortestChain';

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
  /** The shortest chain of references from a root to a path, both included; empty when the closure does not have it. */
  readonly why: (storePath: string) => readonly string[];
}

/** An audit that was just made. */
export function finishedAudit({ closure, report, summary, describe }: ClosureAudit): FinishedAudit {
  return {
    report,
    closure: {
      summary,
      paths: describe === undefined ? () => closure.eachPath() : () => described(closure.eachPath(), describe),
      why: (storePath) => {
        // The walk begins at everything that a plan needs; what was asked for is less, and builds in between have no references yet.
        const chain =
          summary.roots.length === closure.roots.length ? [] : shortestChain(summary.roots, closure.eachPath(), storePath);
        return chain.length > 0 ? chain : closure.why(storePath as StorePath);
      },
    },
  };
}

/** An audit as the public contract has it, for example read back from a file. */
export function auditOfReport({ closure, ...report }: AuditReport): FinishedAudit {
  if (closure === undefined) return { report };
  const { paths, ...summary } = closure;
  return { report, closure: { summary, paths: () => paths, why: (path) => shortestChain(summary.roots, paths, path) } };
}

/** Tells whether every cache was asked for every path. */
export function isChallenge({ coverage }: Pick<ClosureReport, 'coverage'>): boolean {
  return coverage.some(({ onlyHere }) => onlyHere !== undefined);
}

function* described(paths: Iterable<ClosurePath>, describe: (path: ClosurePath) => ClosurePath): Generator<ClosurePath> {
  for (const path of paths) yield describe(path);
}
