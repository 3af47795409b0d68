import type { AuditReport, ClosurePath } from '../../server/src/domain/closureReport';
import { pathOf } from './buildGraph';
import { nthHash } from './nthHash';

const CACHE = 'https://one.example';

/**
 * The report of a closure of so many paths, of which one in a hundred is unsigned. Each refers to itself and to the next four of a tree, by place,
 * the first being the root; only the last path is referred to by none.
 */
export function largeClosure(size: number): AuditReport {
  const sorted = Array.from({ length: size }, (_, index): ClosurePath => {
    const storePath = `/nix/store/${nthHash(index)}-package-${index}`;
    return index % 100 === 99
      ? { storePath, verdict: 'unsigned', keyNames: [], narSize: index, references: [] }
      : { storePath, verdict: 'verified', keyNames: ['cache.example-1'], from: CACHE, narSize: index * 1000, references: [] };
  }).sort((a, b) => (a.storePath < b.storePath ? -1 : 1));
  const paths = sorted.map((path, place) => ({
    ...path,
    references: [place, ...[1, 2, 3, 4].map((child) => 4 * place + child).filter((child) => child < size - 1)].map(
      (other) => sorted[other]?.storePath ?? '',
    ),
  }));
  const unsigned = paths.filter(({ verdict }) => verdict === 'unsigned').length;
  return {
    schemaVersion: 1,
    tool: { name: 'flake-trust', version: '0.0.0' },
    lock: { state: 'missing' },
    caches: [{ url: CACHE, origin: 'nix.conf', state: 'reachable' }],
    inputs: [],
    findings: [],
    closure: {
      roots: [paths[0]?.storePath ?? pathOf('none')],
      paths,
      totals: {
        paths: size,
        narBytes: size * 1000,
        byVerdict: { verified: size - unsigned, unsigned },
        byKey: { 'cache.example-1': size - unsigned },
        byCache: { [CACHE]: size - unsigned },
        differ: 0,
      },
      coverage: [{ url: CACHE, answered: size, paths: size, bytes: size * 1000, missing: [] }],
    },
  };
}
