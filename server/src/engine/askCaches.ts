/** Puts the questions of one flake to all its caches, and gathers what each of them is known to say. */
import type { InputFacts } from '../domain/flakeFacts';
import type { CacheInfo } from '../domain/nixCacheInfo';
import type { StorePath } from '../domain/storePath';
import { plainText } from '../util/plainText';
import { AnswerMemory, type Known } from './answerMemory';
import type { AuditScope, CheckScope, EnginePorts, Lookups } from './engine';
import { infoQuestion, narinfoQuestion, type NarinfoAnswer, type OpenedCache } from './questions';
import type { ConfiguredCache } from './trustConfiguration';

/** What one configured cache is known to say of a flake's inputs. */
export interface CacheView {
  readonly cache: ConfiguredCache;
  readonly info: Known<CacheInfo>;
  /** Why it is not asked, whatever the input; absent when it may be asked. */
  readonly refusal?: string;
  /** By the store paths that the cache may hear of, known or not. */
  readonly answers: ReadonlyMap<StorePath, Known<NarinfoAnswer>>;
}

/** Which inputs a cache may hear of. A store path hash tells a cache which private source its asker has; a local directory tells nobody. */
export function mayHearOf(cache: ConfiguredCache, input: InputFacts): boolean {
  return input.privateReason === undefined || cache.private || cache.substituter.scheme === 'file';
}

/** Says why a cache must not hear of an input; `undefined` when it may. */
export function whyWithheld(cache: ConfiguredCache, input: InputFacts): string | undefined {
  if (mayHearOf(cache, input)) return undefined;
  return `private input (${input.privateReason ?? ''}), and this cache is not marked private`;
}

/** Remembers, shares and bounds what is asked of caches; see {@link AnswerMemory}. */
export class CacheDesk {
  readonly #ports: EnginePorts;
  readonly #infos: AnswerMemory<CacheInfo>;
  readonly #narinfos: AnswerMemory<NarinfoAnswer>;
  /** By the configured cache, so that new settings (credentials, keys of an object store) open it anew. */
  readonly #opened = new WeakMap<ConfiguredCache, OpenedCache>();

  constructor(ports: EnginePorts) {
    this.#ports = ports;
    this.#infos = new AnswerMemory(ports.clock);
    this.#narinfos = new AnswerMemory(ports.clock);
  }

  /** Gathers what is known without asking, however old. */
  async known(inputs: readonly InputFacts[], scope: AuditScope, signal: AbortSignal): Promise<CacheView[]> {
    const views = await Promise.all(distinctCaches(scope).map((cache) => this.#view(cache, inputs, scope)));
    signal.throwIfAborted();
    return views;
  }

  /** Asks what is not known or too old. Rejects only when `signal` aborts. */
  async check(inputs: readonly InputFacts[], scope: CheckScope, signal: AbortSignal): Promise<CacheView[]> {
    const before = await this.known(inputs, scope, signal);
    if (scope.offline) return before;
    const rounds = before.map((view) => this.#round(view, inputs, scope));
    const total = rounds.reduce((sum, { paths }) => sum + paths.length, 0);
    let done = 0;
    scope.onProgress?.(0, total);
    const progress: Progress = ({ substituter }, count) => {
      done += count;
      scope.onProgress?.(done, total, substituter.host);
    };
    return Promise.all(rounds.map((round) => this.#ask(round, scope, progress, signal)));
  }

  /** Counts what {@link check} would ask over the network, without asking. Rejects only when `signal` aborts. */
  async lookups(inputs: readonly InputFacts[], scope: CheckScope, signal: AbortSignal): Promise<Lookups> {
    if (scope.offline) return { lookups: 0, caches: 0 };
    const views = await this.known(inputs, scope, signal);
    const rounds = views
      .filter(({ cache }) => cache.substituter.scheme !== 'file')
      .map((view) => this.#round(view, inputs, scope))
      .filter(({ paths }) => paths.length > 0);
    return { lookups: rounds.reduce((sum, { paths }) => sum + paths.length, 0), caches: rounds.length };
  }

  clear(): void {
    this.#infos.clear();
    this.#narinfos.clear();
  }

  close(): void {
    this.#infos.close();
    this.#narinfos.close();
  }

  async #view(cache: ConfiguredCache, inputs: readonly InputFacts[], scope: AuditScope): Promise<CacheView> {
    if (!mayAsk(cache)) {
      return { cache, info: {}, refusal: cache.reason ?? cache.substituter.reason ?? 'not asked', answers: new Map() };
    }
    const opened = this.#open(cache, scope);
    const { store } = this.#ports;
    const { storeDir } = scope.configuration;
    const info = await this.#infos.known(infoQuestion(opened, store));
    const answers = new Map<StorePath, Known<NarinfoAnswer>>();
    await Promise.all(
      [...pathsFor(cache, inputs)].map(async (path) => {
        answers.set(path, await this.#narinfos.known(narinfoQuestion(opened, path, storeDir, store)));
      }),
    );
    return { cache, info, ...refusalBy(info, storeDir), answers };
  }

  /** Works out what a cache must be asked. With nothing to ask it is not contacted at all. */
  #round(view: CacheView, inputs: readonly InputFacts[], scope: CheckScope): Round {
    if (!mayAsk(view.cache)) return { view, askInfo: false, paths: [] };
    const { inputs: selected, refresh = false, configuration } = scope;
    const { store } = this.#ports;
    const opened = this.#open(view.cache, scope);
    const wanted = pathsFor(view.cache, selected === undefined ? inputs : inputs.filter(({ path }) => selected(path)));
    const askInfo = wanted.size > 0 && (refresh || this.#infos.mustAsk(infoQuestion(opened, store), view.info));
    if (view.refusal !== undefined && !askInfo) return { view, askInfo, paths: [] };
    const paths = [...wanted].filter((path) => {
      const question = narinfoQuestion(opened, path, configuration.storeDir, store);
      return refresh || this.#narinfos.mustAsk(question, view.answers.get(path) ?? {});
    });
    return { view, askInfo, paths };
  }

  async #ask({ view, askInfo, paths }: Round, scope: CheckScope, progress: Progress, signal: AbortSignal): Promise<CacheView> {
    if (!askInfo && paths.length === 0) return view;
    const { cache } = view;
    const opened = this.#open(cache, scope);
    const { store } = this.#ports;
    const { storeDir } = scope.configuration;
    const info = askInfo ? await this.#infos.ask(infoQuestion(opened, store), signal) : view.info;
    if (askInfo) this.#note(cache, info);
    const refusal = refusalBy(info, storeDir);
    const answers = new Map(view.answers);
    // A cache that does not even say what it is need not be asked sixty times more.
    if (info.failure !== undefined || refusal.refusal !== undefined) {
      if (info.failure !== undefined) {
        for (const path of paths) {
          answers.set(path, await this.#narinfos.fail(narinfoQuestion(opened, path, storeDir, store), info.failure));
        }
      }
      if (paths.length > 0) progress(cache, paths.length);
      return { cache, info, ...refusal, answers };
    }
    await Promise.all(
      paths.map(async (path) => {
        const known = await this.#narinfos.ask(narinfoQuestion(opened, path, storeDir, store), signal);
        this.#note(cache, known);
        answers.set(path, known);
        progress(cache, 1);
      }),
    );
    return { cache, info, answers };
  }

  #note({ substituter }: ConfiguredCache, { failure }: Known<unknown>): void {
    if (failure === undefined) return;
    const { kind, reason } = failure.value;
    const line = `${substituter.url}: ${kind}: ${plainText(reason, 200)}`;
    // Trouble on the way to a host is told by what goes there, once for all of its requests.
    if (kind === 'unreachable') this.#ports.log.debug(line);
    else this.#ports.log.warn(line);
  }

  #open(cache: ConfiguredCache, { configuration }: AuditScope): OpenedCache {
    let opened = this.#opened.get(cache);
    if (opened === undefined) {
      const { url, scheme } = cache.substituter;
      opened = { id: url, local: scheme === 'file', client: this.#ports.openCache(cache, configuration) };
      this.#opened.set(cache, opened);
    }
    return opened;
  }
}

interface Round {
  readonly view: CacheView;
  readonly askInfo: boolean;
  /** Paths to ask for; those of root inputs come first. */
  readonly paths: readonly StorePath[];
}

type Progress = (cache: ConfiguredCache, count: number) => void;

function mayAsk({ ask, substituter }: ConfiguredCache): boolean {
  return ask && substituter.askable;
}

/** A cache that is named twice is asked once, under the first name it was given. */
function distinctCaches({ configuration }: AuditScope): readonly ConfiguredCache[] {
  const seen = new Map<string, ConfiguredCache>();
  for (const cache of configuration.caches) {
    if (!seen.has(cache.substituter.url)) seen.set(cache.substituter.url, cache);
  }
  return [...seen.values()];
}

/** Every path that `cache` may hear of, once, those nearest to the root first. */
function pathsFor(cache: ConfiguredCache, inputs: readonly InputFacts[]): ReadonlySet<StorePath> {
  const nearestFirst = [...inputs].sort((a, b) => a.path.length - b.path.length);
  const paths = new Set<StorePath>();
  for (const input of nearestFirst) {
    if (input.storePath !== undefined && mayHearOf(cache, input)) paths.add(input.storePath);
  }
  return paths;
}

/** A cache for another store directory holds other paths, all of them: Nix skips it with a warning. */
function refusalBy({ good }: Known<CacheInfo>, storeDir: string): { readonly refusal?: string } {
  const theirs = good?.value.storeDir;
  if (theirs === undefined || theirs === storeDir) return {};
  return { refusal: `it serves the store directory ${plainText(theirs, 60)}, not ${storeDir}` };
}
