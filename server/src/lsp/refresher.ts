/** Asks the editor to fetch lens and hints again: at most once in 300 ms, and only when what they would show has changed. */
import { CodeLensRefreshRequest, type Connection } from 'vscode-languageserver';
import type { Logger } from '../engine/ports';
import { inlayHints } from '../features/inlayHints';
import { summarize, summaryText } from '../features/summary';
import type { FlakeView } from '../features/view';
import { Debouncer } from '../util/debouncer';
import type { ClientSupport } from './clientSupport';
import type { OpenFlake } from './openFlake';

const INTERVAL_MS = 300;
const EVERYWHERE = { start: { line: 0, character: 0 }, end: { line: Number.MAX_SAFE_INTEGER, character: 0 } };

export class Refresher {
  readonly #connection: Connection;
  readonly #log: Logger;
  readonly #support: ClientSupport;
  readonly #delays = new Debouncer();
  readonly #shown = new WeakMap<OpenFlake, { readonly lens: string; readonly hints: string }>();

  constructor(connection: Connection, log: Logger, support: ClientSupport) {
    this.#connection = connection;
    this.#log = log;
    this.#support = support;
  }

  /** A flake may look different now. */
  seen(flake: OpenFlake, view: FlakeView | undefined): void {
    const now = {
      lens: view === undefined ? '' : summaryText(summarize(view)),
      // Labels, not places: those the editor moves itself while somebody types.
      hints: view === undefined ? '' : JSON.stringify(inlayHints(view, EVERYWHERE, 'all').map(({ label }) => label)),
    };
    const before = this.#shown.get(flake);
    this.#shown.set(flake, now);
    if (before === undefined) return;
    if (before.lens !== now.lens) this.lenses();
    if (before.hints !== now.hints) this.hints();
  }

  /** Settings changed: everything may look different. */
  all(): void {
    this.lenses();
    this.hints();
  }

  lenses(): void {
    if (this.#support.refreshCodeLens)
      this.#coalesce('codeLens', () => this.#connection.sendRequest(CodeLensRefreshRequest.type));
  }

  hints(): void {
    if (this.#support.refreshInlayHints) this.#coalesce('inlayHint', () => this.#connection.languages.inlayHint.refresh());
  }

  dispose(): void {
    this.#delays.dispose();
  }

  #coalesce(what: string, refresh: () => Promise<unknown>): void {
    this.#delays.coalesce(what, INTERVAL_MS, () => {
      refresh().catch(() => this.#log.debug(`The editor did not refresh ${what}.`));
    });
  }
}
