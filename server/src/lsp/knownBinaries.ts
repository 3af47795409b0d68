/**
 * What is known of the binaries of a flake's inputs, judged by what is remembered: no Nix is run and nobody is asked. Worked out once for each
 * flake, lock and configuration, beside the work of hovers, which find it in memory.
 */
import type { FlakeFacts } from '../domain/flakeFacts';
import type { Walk } from '../engine/closure/auditOutputs';
import { knownBinariesOf, type InputBinaries } from '../engine/binaries';
import type { AuditScope } from '../engine/engine';
import type { Logger } from '../engine/ports';
import type { TrustConfiguration } from '../engine/trustConfiguration';
import type { ClosureSource } from './closureSource';
import type { ClosureWalks } from './host';
import { describeThrown } from './log';
import type { FlakeSettings } from './settingsSource';

/** By the path of an input, joined by slashes. */
export type BinariesByInput = ReadonlyMap<string, InputBinaries>;

export interface PendingBinaries {
  readonly value: Promise<BinariesByInput>;
  /** The value is there. */
  readonly done: boolean;
}

interface Known {
  readonly lockText: string | undefined;
  readonly configuration: TrustConfiguration;
  readonly generation: number;
  readonly pending: PendingBinaries;
}

interface Checked {
  readonly lockText: string | undefined;
  readonly configuration: TrustConfiguration;
  readonly binaries: BinariesByInput;
}

/** So many flakes are remembered. */
const MAX_FLAKES = 50;

export class KnownBinaries {
  readonly #source: ClosureSource;
  readonly #log: Logger;
  /** By folder. */
  readonly #known = new Map<string, Known>();
  /** What this session found out itself, also where nothing can be remembered on disk. */
  readonly #checked = new Map<string, Checked>();
  #generation = 0;

  constructor(source: ClosureSource, log: Logger) {
    this.#source = source;
    this.#log = log;
  }

  /** Begins to look when `after` has settled, unless that was done already: who hovers first wants to know of the source first. */
  of(
    dir: string,
    facts: FlakeFacts,
    { configuration }: Pick<AuditScope, 'configuration'>,
    settings: FlakeSettings,
    after: Promise<unknown>,
  ): PendingBinaries {
    const { lockText } = facts;
    const known = this.#known.get(dir);
    if (known?.lockText === lockText && known?.configuration === configuration && known.generation === this.#generation)
      return known.pending;
    const pending = { done: false, value: Promise.resolve<BinariesByInput>(new Map()) };
    pending.value = after
      .then(() => this.#look(dir, facts, configuration, settings))
      .finally(() => {
        pending.done = true;
      });
    remember(this.#known, dir, { lockText, configuration, generation: this.#generation, pending });
    return pending;
  }

  /** A check found something out about an input. */
  learned(dir: string, { lockText }: FlakeFacts, configuration: TrustConfiguration, path: string, found: InputBinaries): void {
    const before = this.#checked.get(dir);
    const same = before?.lockText === lockText && before?.configuration === configuration;
    const binaries = new Map([...(same ? before.binaries : []), [path, found]]);
    remember(this.#checked, dir, { lockText, configuration, binaries });
    this.changed();
  }

  /** More may be remembered now: what is known is worked out again when it is next wanted. */
  changed(): void {
    this.#generation++;
  }

  /** What this session found out is forgotten, too. */
  forget(): void {
    this.#checked.clear();
    this.changed();
  }

  /** Never rejects. */
  async #look(
    dir: string,
    facts: FlakeFacts,
    configuration: TrustConfiguration,
    settings: FlakeSettings,
  ): Promise<BinariesByInput> {
    let walks: ClosureWalks | undefined;
    const openWalk = async () => {
      const opened = (walks = await this.#source.openWalks(settings, configuration.sslCertFile));
      const walk: Walk = (asked, walking) => opened.walk({ ...asked, configuration, challenge: false, offline: true }, walking);
      return walk;
    };
    try {
      const store = await this.#source.binaries();
      // Not bound to a request: it is shared, and only the disk is read.
      const stored = await knownBinariesOf(facts, store, openWalk, new AbortController().signal);
      const checked = this.#checked.get(dir);
      const counts = checked?.lockText === facts.lockText && checked?.configuration === configuration;
      return counts ? new Map([...checked.binaries, ...stored]) : stored;
    } catch (error) {
      this.#log.error(`What is known of binaries could not be read: ${describeThrown(error)}`);
      return new Map();
    } finally {
      await walks?.close();
    }
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_FLAKES && oldest !== undefined) map.delete(oldest);
}
