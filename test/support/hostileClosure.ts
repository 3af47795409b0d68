import { fixedSourceTotals, type FixedSource } from '../../server/src/domain/fixedSources';
import type { AuditReport, ClosurePath } from '../../server/src/domain/closureReport';
import type { StorePath } from '../../server/src/domain/storePath';
import { HOSTILE, hostileReport } from './hostileReport';

/** A report of a closure in which every text that could be foreign is hostile: read back from a file, nothing has checked it. */
export async function hostileClosure(): Promise<AuditReport> {
  const { report } = await hostileReport();
  const source: FixedSource = {
    drvPath: HOSTILE as StorePath,
    name: HOSTILE,
    storePath: HOSTILE as StorePath,
    algorithm: 'md5',
    hash: HOSTILE,
    method: 'flat',
    urls: [{ url: HOSTILE, scheme: HOSTILE, host: HOSTILE }],
    rev: HOSTILE,
    issues: ['weak-hash', 'plain-http'],
  };
  const path: ClosurePath = {
    storePath: HOSTILE,
    verdict: 'unsigned',
    keyNames: [HOSTILE],
    from: HOSTILE,
    narHash: HOSTILE,
    narSize: 1e300,
    references: [HOSTILE],
    input: [HOSTILE],
    local: { verdict: 'unknown', keyNames: [HOSTILE], narHash: HOSTILE },
    agreement: 'differ',
  };
  return {
    ...report,
    findings: report.findings.map((finding) => ({ ...finding, evidence: { command: HOSTILE } })),
    closure: {
      roots: [HOSTILE],
      paths: [path],
      totals: {
        paths: 1,
        narBytes: 1e300,
        byVerdict: { unsigned: 1 },
        byKey: { [HOSTILE]: 1 },
        byCache: { [HOSTILE]: 1 },
        differ: 1,
      },
      coverage: [
        {
          url: HOSTILE,
          answered: 1,
          paths: 1,
          bytes: 1,
          onlyHere: 0,
          missing: [{ storePath: HOSTILE, neededBy: 1 }],
          fill: [{ from: HOSTILE, paths: [HOSTILE], command: `${HOSTILE}\n\`\`\`\`\n# Heading\n${HOSTILE}` }],
        },
      ],
      stopped: { reason: 'cancelled', unvisited: 2 },
      plan: {
        nix: HOSTILE,
        local: 0,
        substitute: 0,
        build: [{ drvPath: HOSTILE, outputs: [HOSTILE], reason: 'forbidden', missing: HOSTILE }],
        missing: [HOSTILE],
        unplanned: [HOSTILE],
      },
      sources: { totals: fixedSourceTotals([source]), list: [source] },
    },
  };
}
