/** What features read, made from texts and fake caches with the real reader and engine. */
import { TextDocument } from 'vscode-languageserver-textdocument';
import { declaredTrust } from '../../server/src/engine/declaredCaches';
import { createEngine, type AuditScope } from '../../server/src/engine/engine';
import type { BinaryCache } from '../../server/src/engine/ports';
import type { TrustConfiguration } from '../../server/src/engine/trustConfiguration';
import { type FlakeFacts, readFlake } from '../../server/src/domain/flakeFacts';
import type { PublicKey } from '../../server/src/domain/publicKey';
import { suppressor } from '../../server/src/domain/vetting/suppress';
import { vetFlake } from '../../server/src/domain/vetting/vetFlake';
import { readVettingFiles, type VettingTexts } from '../../server/src/domain/vetting/vettingFiles';
import { fileFindings, suppressionsUnder, withVetting } from '../../server/src/engine/vetting/withVetting';
import { NO_TRUSTED_SETTINGS } from '../../server/src/domain/trustedSettings';
import { currentFindings } from '../../server/src/features/findings';
import type { Style } from '../../server/src/features/richText';
import type { Access, FlakeView, VettingView } from '../../server/src/features/view';
import { ReferenceTable } from '../../server/src/lsp/references';
import { never } from './abort';
import { fakeCache } from './fakeCache';
import { clockAt, type FakeClock } from './fakeClock';
import { fakeLog } from './fakeLog';
import { fakeStore } from './fakeStore';
import { trustConfiguration } from './trust';

export const VSCODE: Style = { markdown: true, icons: true, commands: true };
export const PLAIN_EDITOR: Style = { markdown: true, icons: false, commands: false };
export const TERMINAL: Style = { markdown: false, icons: false, commands: false };

export interface ViewSetup {
  readonly nix?: string;
  readonly lock?: string;
  readonly access?: Access;
  readonly audit?: boolean;
  readonly configuration?: TrustConfiguration;
  /** By canonical URL; an empty one for the others. */
  readonly caches?: Readonly<Record<string, BinaryCache>>;
  /** Whether they were asked before; default true where `caches` is given. */
  readonly checked?: boolean;
  /** Milliseconds between the check and now; default 12 minutes. */
  readonly age?: number;
  readonly clock?: FakeClock;
  readonly privatePatterns?: readonly string[];
  /** Texts of the folder `flake-trust/`; none when absent. */
  readonly vetting?: VettingTexts;
  /** Keys of reviewers that the user named. */
  readonly reviewerKeys?: readonly PublicKey[];
}

const NOW = Date.UTC(2026, 10, 22, 12);

/** Makes the view of a flake in `/flake`. */
export async function flakeView(setup: ViewSetup): Promise<FlakeView> {
  const {
    nix,
    lock,
    access = 'auto',
    audit = false,
    caches = {},
    checked = setup.caches !== undefined,
    age = 12 * 60_000,
  } = setup;
  const configuration = setup.configuration ?? trustConfiguration(Object.keys(caches).map((url) => ({ url })));
  const clock = setup.clock ?? clockAt(NOW - age);
  const facts = readFlake(
    { ...(nix === undefined ? {} : { flakeNix: nix }), ...(lock === undefined ? {} : { flakeLock: lock }) },
    {
      privatePatterns: setup.privatePatterns ?? [],
      now: NOW,
      trusted: configuration.trusted,
      configuredCaches: configuration.caches.map(({ substituter }) => substituter.url),
    },
  );
  const engine = createEngine({
    openCache: ({ substituter }) => caches[substituter.url] ?? fakeCache(),
    store: fakeStore(),
    clock,
    log: fakeLog(),
  });
  const scope: AuditScope = {
    configuration,
    flakeDir: '/flake',
    offline: access === 'offline' || access === 'restricted',
    ...(access === 'restricted' ? { offlineReason: 'this folder is in Restricted Mode' } : {}),
    audit,
  };
  if (checked) await engine.check(facts, { ...scope, offline: false }, never);
  clock.advance(age);
  const known = await engine.known(facts, scope, never);
  const vetting = vettingView(facts, setup.vetting ?? {}, setup);
  const report = withVetting(known, facts, vetting.flake, vetting.rules);
  return {
    dir: '/flake',
    documents: {
      ...(nix === undefined ? {} : { 'flake.nix': TextDocument.create('file:///flake/flake.nix', 'nix', 3, nix) }),
      ...(lock === undefined ? {} : { 'flake.lock': TextDocument.create('file:///flake/flake.lock', 'json', 5, lock) }),
    },
    facts,
    report,
    vetting,
    findings: [...currentFindings(facts, report, scope), ...vetting.flake.findings].filter((one) => !vetting.isSuppressed(one)),
    configuration,
    declared: declaredTrust(facts.flakeNix?.nixConfig ?? [], configuration, NO_TRUSTED_SETTINGS).caches,
    access,
    now: NOW,
    references: new ReferenceTable(),
  };
}

function vettingView(facts: FlakeFacts, texts: VettingTexts, { access, reviewerKeys }: ViewSetup): VettingView {
  const flake = vetFlake(facts, readVettingFiles(texts), {
    now: NOW,
    ...(reviewerKeys === undefined ? {} : { userKeys: reviewerKeys }),
  });
  const rules = { now: NOW, restricted: access === 'restricted' };
  const suppressed = suppressor(suppressionsUnder(flake, rules));
  return {
    flake,
    rules,
    mistakes: fileFindings(flake, rules),
    isSuppressed: (finding) => suppressed(finding) !== undefined,
    userKeys: reviewerKeys !== undefined,
    until: Infinity,
    documents: {},
  };
}
