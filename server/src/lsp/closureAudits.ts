/** Audits of the closures of outputs: one runs at a time, the last few are held in memory, and what they found is told. */
import type { ClosurePath } from '../domain/closureReport';
import type { FlakeFacts } from '../domain/flakeFacts';
import type { ReportedFinding } from '../domain/inputsReport';
import { attributeClosure, type Attribution } from '../engine/attribution';
import { auditOutputs, type OutputsAudit, type Walk } from '../engine/closure/auditOutputs';
import { auditClosure, withFlake, type ClosureAudit } from '../engine/closure/auditReport';
import { plannedAudit } from '../engine/closure/plan';
import type { ClosureProgress } from '../engine/closure/request';
import type { AuditScope } from '../engine/engine';
import type { Clock, Logger, NixAnswer, NixFailure } from '../engine/ports';
import { withOutputPolicy } from '../engine/vetting/outputPolicy';
import { closureAlarms } from '../features/closureAlarms';
import { closureRows, type ClosureRows } from '../features/closureRows';
import type { Finding } from '../domain/finding';
import { plainText } from '../util/plainText';
import { Limiter } from '../util/limiter';
import type { ClosureSource } from './closureSource';
import type { Examined } from './views';

/** A finished audit. */
export interface HeldAudit {
  /** Opaque. */
  readonly id: string;
  readonly dir: string;
  readonly uri: string;
  readonly installables: readonly string[];
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
  readonly cancelled: boolean;
  /** Together with what is known of the flake. */
  readonly audit: ClosureAudit;
  /** Those that this audit brought, without those that are known of the flake anyway, and those that its policy says to live with. */
  readonly findings: readonly ReportedFinding[];
  readonly scope: AuditScope;
  /** Adds to a path what only Nix knows of it. */
  readonly describe: (path: ClosurePath) => ClosurePath;
  readonly rows: Promise<ClosureRows>;
}

export interface OutputsQuestion {
  readonly dir: string;
  readonly uri: string;
  readonly installables: readonly string[];
  readonly challenge: boolean;
  readonly refresh: boolean;
  readonly allowImportFromDerivation: boolean;
  /** Folders whose programs are never run. */
  readonly foreignFolders: readonly string[];
}

/** `attributing`: finding out from which input each path comes, after the caches were asked. */
export type Stage = Parameters<NonNullable<Parameters<typeof auditOutputs>[0]['onStage']>>[0] | 'attributing';

export interface AuditEvents {
  stage(stage: Stage): void;
  progress(progress: ClosureProgress): void;
}

/** So many finished audits are held; one of 50,000 paths takes about 60 MB. */
const MAX_HELD = 3;

interface Held {
  readonly held: HeldAudit;
  readonly lockText: string | undefined;
  readonly inputs: Attribution;
}

export class ClosureAudits {
  readonly #source: ClosureSource;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #turns = new Limiter(1, 1);
  /** The newest last. */
  #held: Held[] = [];
  #next = 1;
  #running = new AbortController();

  constructor(source: ClosureSource, clock: Clock, log: Logger) {
    this.#source = source;
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Runs an audit and holds its result. When `signal` aborts while caches are asked, the result is what was learned by then; before that it
   * rejects. Fails as Nix does.
   */
  async run(
    question: OutputsQuestion,
    examined: Examined,
    events: AuditEvents,
    signal: AbortSignal,
  ): Promise<NixAnswer<HeldAudit>> {
    const given = AbortSignal.any([signal, this.#running.signal]);
    return this.#turns.run('', () => this.#run(question, examined, events, given), given);
  }

  find(id: unknown): HeldAudit | undefined {
    return this.#held.find(({ held }) => held.id === id)?.held;
  }

  /** What the newest audit of a flake says against inputs, as long as its lock is the one that was audited. */
  alarms(dir: string, facts: FlakeFacts): readonly Finding[] {
    const newest = this.#held.findLast(({ held }) => held.dir === dir);
    if (newest === undefined || newest.lockText !== facts.lockText) return [];
    return closureAlarms(newest.held.findings, newest.inputs, facts);
  }

  /** Drops everything, also what is under way; settles when nothing is left running. */
  async clear(): Promise<void> {
    this.#running.abort();
    this.#running = new AbortController();
    // Whoever waits before us was aborted, too.
    await this.#turns.run('', () => Promise.resolve(), new AbortController().signal);
    this.#held = [];
  }

  async #run(
    question: OutputsQuestion,
    examined: Examined,
    events: AuditEvents,
    signal: AbortSignal,
  ): Promise<NixAnswer<HeldAudit>> {
    const { scope, circumstances } = examined;
    const { configuration } = scope;
    const { dir, uri, installables, challenge, refresh, allowImportFromDerivation, foreignFolders } = question;
    let stage: Stage = 'evaluating';
    const walks = await this.#source.openWalks(circumstances, configuration.sslCertFile);
    try {
      const walk: Walk = (asked, walking) => {
        const last = stage === 'walking';
        return walks.walk(
          // A look at single paths while planning compares nothing. Nor does it ask again what is remembered: the walk that does must be the
          // first one, or it would not see that an answer is another than last time.
          {
            ...asked,
            configuration,
            challenge: challenge && last,
            refresh: refresh && last,
            offline: false,
            onProgress: (now) => events.progress(now),
          },
          walking,
        );
      };
      const nix = await this.#source.openNix(foreignFolders, configuration.storeDir);
      let inputs: Attribution = new Map();
      const outcome = await auditOutputs(
        {
          flake: { dir, allowImportFromDerivation },
          installables,
          paths: [],
          trusted: configuration.trusted,
          storeDir: configuration.storeDir,
          // Who cancels while caches are asked wants to see what was learned by then.
          partial: true,
          attribute: async (derivations, paths, attributing) => {
            events.stage('attributing');
            const ports = { nix, store: await this.#source.binaries(), clock: this.#clock };
            const onFailure = (input: readonly string[], { message }: NixFailure): void =>
              this.#log.warn(
                `Which paths come from ${plainText(input.join('/'), 80)} was not found out: ${plainText(message, 300)}`,
              );
            const facts = examined.view.facts;
            const attributed = await attributeClosure(
              { facts, flake: { dir }, derivations, paths, onFailure },
              ports,
              attributing,
            );
            inputs = attributed.inputs;
            return attributed;
          },
          onStage: (next) => {
            stage = next;
            events.stage(next);
          },
        },
        { nix, walk },
        signal,
      );
      if (outcome.kind === 'failed') return outcome;
      return { kind: 'ok', value: await this.#hold(outcome.value, inputs, { dir, uri, installables }, examined) };
    } finally {
      await walks.close();
    }
  }

  async #hold(
    outputs: OutputsAudit,
    inputs: Attribution,
    names: Pick<HeldAudit, 'dir' | 'uri' | 'installables'>,
    { view, scope }: Examined,
  ): Promise<HeldAudit> {
    const { configuration, severity } = scope;
    const { closure, plan } = outputs;
    const rules = { audit: true, ...(severity === undefined ? {} : { severity }) };
    const own = await auditClosure(closure, rules);
    const whole = view.report === undefined ? own : withFlake(view.report, own, outputs, rules);
    const policy = view.vetting?.flake.files.policy;
    const { trusted } = configuration;
    const audit =
      policy === undefined
        ? whole
        : await withOutputPolicy(whole, { policy, trusted, now: view.now, ...(severity === undefined ? {} : { severity }) });
    const known = new Set(view.report?.findings);
    const findings = audit.report.findings.filter((found) => !known.has(found) && found.suppressed === undefined);
    const marks = { storeDir: configuration.storeDir, built: (await plannedAudit(plan)).built, inputs };
    const held: HeldAudit = {
      id: `closure-${this.#next++}`,
      ...names,
      finishedAt: this.#clock.now(),
      cancelled: closure.stopped?.reason === 'cancelled',
      ...{ audit, findings, scope, describe: outputs.describe },
      rows: closureRows(closure, marks),
    };
    // Whoever asks for them is told; until then nobody waits for them.
    held.rows.catch(() => undefined);
    this.#held = [...this.#held, { held, lockText: view.facts.lockText, inputs }].slice(-MAX_HELD);
    return held;
  }
}
