/** Tells Flake Trust's own client the state in words: over all open flakes, and only when it changed. */
import type { Connection } from 'vscode-languageserver';
import { plural, summarize, summaryText } from '../features/summary';
import type { FlakeView } from '../features/view';
import { cacheName } from '../features/words';
import { STATUS, type StatusParams } from '../protocol';
import { plainText } from '../util/plainText';
import type { OpenFlake } from './openFlake';

const MAX_LINES = 12;

export class StatusReporter {
  readonly #connection: Connection;
  readonly #enabled: boolean;
  /** The last view of each flake that is held; nothing for one that is switched off. */
  readonly #views = new Map<OpenFlake, FlakeView | undefined>();
  readonly #progress = new Map<OpenFlake, { readonly done: number; readonly total: number }>();
  #sent = '';

  /** `enabled`: the client understands the notification. */
  constructor(connection: Connection, enabled: boolean) {
    this.#connection = connection;
    this.#enabled = enabled;
  }

  /** What is known of a flake now. */
  seen(flake: OpenFlake, view: FlakeView | undefined): void {
    this.#views.set(flake, view);
    this.send();
  }

  /** A check is under way. */
  progress(flake: OpenFlake, done: number, total: number): void {
    this.#progress.set(flake, { done, total });
    this.send();
  }

  /** The check ended; its result comes with {@link seen}. */
  ended(flake: OpenFlake): void {
    this.#progress.delete(flake);
  }

  /** The flake is closed. */
  drop(flake: OpenFlake): void {
    this.#views.delete(flake);
    this.#progress.delete(flake);
    this.send();
  }

  /** Sends the state if it is another than the last one. */
  send(): void {
    if (!this.#enabled) return;
    const status = statusOf([...this.#views.values()], [...this.#progress.values()]);
    const text = JSON.stringify(status);
    if (text === this.#sent) return;
    this.#sent = text;
    void this.#connection.sendNotification(STATUS, status);
  }
}

/** Puts the states of all flakes into one. */
function statusOf(
  all: readonly (FlakeView | undefined)[],
  progress: readonly { readonly done: number; readonly total: number }[],
): StatusParams {
  const views = all.filter((view) => view !== undefined);
  const [first] = views;
  if (first === undefined)
    return all.length === 0 ? { state: 'idle', text: '', details: [] } : { state: 'disabled', text: 'off', details: [] };
  const details = views.flatMap((view) => detailsOf(view, views.length > 1)).slice(0, MAX_LINES);
  if (progress.length > 0) {
    const done = progress.reduce((sum, part) => sum + part.done, 0);
    const total = progress.reduce((sum, part) => sum + part.total, 0);
    return { state: 'checking', text: total === 0 ? 'checking' : `${done}/${total}`, details };
  }
  if (first.access === 'restricted') return { state: 'restricted', text: 'restricted', details };
  const problems = views.map(summarize).reduce((sum, { errors, warnings }) => sum + errors + warnings, 0);
  const words = problems > 0 ? plural(problems, 'problem') : 'ok';
  if (views.every(({ access }) => access === 'offline'))
    return { state: 'offline', text: problems > 0 ? `offline, ${words}` : 'offline', details };
  if (problems > 0) return { state: 'problems', text: words, details };
  // "ok" is said only after somebody was asked.
  return views.some((view) => summarize(view).checked > 0)
    ? { state: 'ok', text: words, details }
    : { state: 'idle', text: 'not checked', details };
}

function detailsOf(view: FlakeView, named: boolean): string[] {
  const name = view.dir.split(/[/\\]/).at(-1) ?? view.dir;
  return [
    `${named ? `${plainText(name, 40)}: ` : ''}${summaryText(summarize(view))}`,
    ...(view.report?.caches ?? []).map(({ url, state, reason }) => {
      const why = reason === undefined ? '' : ` (${plainText(reason, 100)})`;
      return `${cacheName(url)}: ${STATES[state]}${why}`;
    }),
  ];
}

const STATES = { reachable: 'answers', unreachable: 'does not answer', 'not-asked': 'not asked' } as const;
