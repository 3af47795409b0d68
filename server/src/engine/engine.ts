/** The one source of results: hover, Problems, lens, report and command line read the same {@link InputsReport}, so they cannot disagree. */
import type { FindingCode, Severity } from '../domain/finding';
import type { FlakeFacts } from '../domain/flakeFacts';
import type { InputsReport } from '../domain/inputsReport';
import { CacheDesk } from './askCaches';
import { auditInputs } from './auditInputs';
import type { AnswerStore, BinaryCache, Clock, Logger } from './ports';
import type { ConfiguredCache, TrustConfiguration } from './trustConfiguration';

/** Under which rules a flake is looked at. */
export interface AuditScope {
  /** Absolute; names the flake in the report. */
  readonly flakeDir?: string;
  readonly configuration: TrustConfiguration;
  /** Nothing is asked; answers of earlier times are shown with their age. */
  readonly offline: boolean;
  /** Why nothing is asked when `offline`; default `offline`. For example `this folder is in Restricted Mode`. */
  readonly offlineReason?: string;
  /** The user's severities; a code that is `off` is left out. */
  readonly severity?: ReadonlyMap<FindingCode, Severity | 'off'>;
  /** The user started an audit: findings of occasion `audit` are included. */
  readonly audit?: boolean;
}

/** An {@link AuditScope} for asking caches. */
export interface CheckScope extends AuditScope {
  /** Which inputs are asked about, by path from the root; default all. The others keep what is known of them. */
  readonly inputs?: (path: readonly string[]) => boolean;
  /** Asks again whatever is remembered. */
  readonly refresh?: boolean;
  /** Called once before the first look-up and after each: a look-up is one store path at one cache. */
  readonly onProgress?: (done: number, total: number, host?: string) => void;
}

/** What a check would ask. */
export interface Lookups {
  /** How many look-ups: store paths, counted at each cache that would be asked for them. */
  readonly lookups: number;
  /** At how many caches. */
  readonly caches: number;
}

/** Looks at flakes. The questions reject only when `signal` aborts; every other failure is an answer with its reason. */
export interface Engine {
  /** Reports from memory and disk alone; no request leaves. Answers may be older than their lifetime, with their age. */
  known(facts: FlakeFacts, scope: AuditScope, signal: AbortSignal): Promise<InputsReport>;
  /**
   * Asks the caches for what is not known or too old, then reports. A caller that cancels stops its own waiting; a request that nobody
   * waits for any more is given up, answers that arrived stay known.
   */
  check(facts: FlakeFacts, scope: CheckScope, signal: AbortSignal): Promise<InputsReport>;
  /** Counts what {@link check} would ask over the network; no request leaves. Directories of this machine do not count. */
  lookups(facts: FlakeFacts, scope: CheckScope, signal: AbortSignal): Promise<Lookups>;
  /** Forgets every answer, in memory and on disk; requests under way are not remembered either. */
  clear(): Promise<void>;
  /** Gives up what is under way and writes what is still in memory. */
  close(): Promise<void>;
}

/** What the engine needs of the world. */
export interface EnginePorts {
  /** Opens a cache for reading, with the logins of its configuration; called again after the configuration was read anew. */
  readonly openCache: (cache: ConfiguredCache, configuration: TrustConfiguration) => BinaryCache;
  readonly store: AnswerStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes an engine over its ports. */
export function createEngine(ports: EnginePorts): Engine {
  const desk = new CacheDesk(ports);
  return {
    known: async (facts, scope, signal) => auditInputs(facts, await desk.known(facts.inputs, scope, signal), scope),
    check: async (facts, scope, signal) => auditInputs(facts, await desk.check(facts.inputs, scope, signal), scope),
    lookups: ({ inputs }, scope, signal) => desk.lookups(inputs, scope, signal),
    clear: () => {
      desk.clear();
      return ports.store.clear();
    },
    close: () => {
      desk.close();
      return ports.store.close();
    },
  };
}
