import type { Derivation } from '../../server/src/domain/derivation';
import { fixedSources, fixedSourceTotals } from '../../server/src/domain/fixedSources';
import type { HashAlgorithm } from '../../server/src/domain/hash';
import type { TrustConfiguration } from '../../server/src/engine/trustConfiguration';
import { auditClosure, withFlake, type ClosureAudit } from '../../server/src/engine/closure/auditReport';
import { finishedAudit, type FinishedAudit } from '../../server/src/report/finishedAudit';
import { never } from './abort';
import { drvOf, pathOf } from './buildGraph';
import { cacheOf, narHashOf, walkOver } from './closureOver';
import { sampleReport } from './sampleReport';
import { makeSigner, type Signer } from './signer';

const BYTES = { md5: 16, sha1: 20, sha256: 32, sha512: 64 } as const;
const RULES = { audit: true } as const;

/** A derivation that downloads something. */
export function download(
  name: string,
  variables: Readonly<Record<string, string>>,
  algorithm: HashAlgorithm = 'sha256',
): Derivation {
  return {
    path: drvOf(name),
    name,
    system: 'builtin',
    outputs: new Map([['out', { path: pathOf(name) }]]),
    inputDrvs: new Map(),
    inputSrcs: [],
    allowSubstitutes: true,
    fixed: {
      method: 'flat',
      hash: { algorithm, bytes: Buffer.alloc(BYTES[algorithm], 7) },
      variables: new Map(Object.entries(variables)),
    },
  };
}

/** The audit of a closure with something of every verdict that a closure can have, of store paths alone. */
export async function sampleClosure(
  trusted: Signer = makeSigner('cache.example-1'),
): Promise<ClosureAudit & { readonly finished: FinishedAudit }> {
  const stranger = makeSigner('stranger-1');
  const walk = walkOver(
    {
      'https://one.example': cacheOf({
        'app-1.0': { references: ['app-1.0', 'lib-2.1', 'tool-3', 'data', 'gone-0.1'], signers: [trusted] },
        'lib-2.1': { references: ['libc-2.39-52'], signers: [trusted] },
        'libc-2.39-52': { signers: [trusted] },
        'tool-3': { references: ['libc-2.39-52'], signers: [stranger] },
      }),
      'https://two.example': cacheOf({ data: {} }),
    },
    [trusted.publicKey],
  );
  const audit = await auditClosure(await walk({ roots: [pathOf('app-1.0')] }, never), RULES);
  return { ...audit, finished: finishedAudit(audit) };
}

/** The audit of an output: a flake, its plan, its downloads, and the closure. Everything that a report may have to show. */
export async function sampleOutputs(
  trusted: Signer = makeSigner('cache.example-1'),
): Promise<ClosureAudit & { readonly finished: FinishedAudit; readonly configuration: TrustConfiguration }> {
  const closure = await sampleClosure(trusted);
  const { report, configuration } = await sampleReport(trusted);
  const list = fixedSources([
    download('hello-2.12.tar.gz', { urls: 'mirror://gnu/hello/hello-2.12.tar.gz' }),
    download('old-1.tar.gz', { url: 'http://old.example/old-1.tar.gz' }, 'md5'),
    download('vendor', {}),
  ]);
  const audit = withFlake(
    report,
    closure,
    {
      roots: [pathOf('app-1.0')],
      planReport: {
        nix: '2.34.8',
        local: 1,
        substitute: 3,
        build: [{ drvPath: drvOf('gone-0.1'), outputs: ['out'], reason: 'not-in-caches', missing: pathOf('gone-0.1') }],
        missing: [pathOf('patch')],
        unplanned: [drvOf('dynamic')],
      },
      sources: { totals: fixedSourceTotals(list), list },
      describe: (path) => ({
        ...path,
        ...(path.storePath === pathOf('gone-0.1') ? { built: 'would-build' } : {}),
        ...(path.storePath === pathOf('tool-3') ? { input: ['tools'] } : {}),
        ...(path.storePath === pathOf('lib-2.1')
          ? { built: 'local', local: { verdict: 'unsigned', keyNames: [], narHash: narHashOf('lib-2.1') } }
          : {}),
      }),
    },
    RULES,
  );
  return { ...audit, finished: finishedAudit(audit), configuration };
}
