/** Publishes Problems: some time after the last edit, with the version that they were found in, and only when they changed. */
import type { Connection, Diagnostic } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Logger } from '../engine/ports';
import { diagnostics } from '../features/diagnostics';
import { vettingDiagnostics } from '../features/vettingDiagnostics';
import type { FlakeView } from '../features/view';
import { Debouncer } from '../util/debouncer';
import type { ClientSupport } from './clientSupport';
import { describeThrown } from './log';
import { ALL_TEXTS } from './flakeTexts';
import type { FlakeText } from './flakeUri';
import type { OpenFlake } from './openFlake';
import type { Examined, Views } from './views';

/** After typing stops. */
const TYPING_MS = 150;

export class Publisher {
  readonly #connection: Connection;
  readonly #log: Logger;
  readonly #support: ClientSupport;
  readonly #views: Views;
  readonly #onView: (flake: OpenFlake, view: FlakeView | undefined) => void;
  readonly #delays = new Debouncer();
  readonly #stop = new AbortController();
  /** What the editor shows, by URI, to send nothing twice. */
  readonly #shown = new Map<string, string>();

  /** `onView` is told of each view that was published, for status, lens and hints. */
  constructor(parts: {
    readonly connection: Connection;
    readonly log: Logger;
    readonly support: ClientSupport;
    readonly views: Views;
    readonly onView: (flake: OpenFlake, view: FlakeView | undefined) => void;
  }) {
    this.#connection = parts.connection;
    this.#log = parts.log;
    this.#support = parts.support;
    this.#views = parts.views;
    this.#onView = parts.onView;
  }

  /** Publishes when the typing has stopped. */
  afterTyping(flake: OpenFlake): void {
    this.#delays.schedule(flake.dir, TYPING_MS, () => void this.now(flake));
  }

  /** Publishes as soon as the texts are read. Never rejects. */
  async now(flake: OpenFlake): Promise<void> {
    this.#delays.cancel(flake.dir);
    try {
      const examined = await this.#views.examine(flake, this.#stop.signal, { patient: false });
      if (!flake.texts.hasOpenFile && !flake.audited) return;
      const found = examined === undefined ? undefined : this.#found(flake, examined);
      for (const file of ALL_TEXTS) this.#publish(flake, file, found?.[file] ?? [], examined?.view);
      this.#onView(flake, examined?.view);
      this.#whenItEnds(flake, examined?.view);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log.error(`Problems could not be found: ${describeThrown(error)}`);
    }
  }

  /** Takes everything back that was published for a flake. */
  withdraw(flake: OpenFlake): void {
    this.#delays.cancel(flake.dir);
    this.#delays.cancel(`${flake.dir}\0end`);
    for (const file of ALL_TEXTS) this.#publish(flake, file, [], undefined);
  }

  dispose(): void {
    this.#delays.dispose();
    this.#stop.abort();
  }

  /** A review may end while nobody touches a file. */
  #whenItEnds(flake: OpenFlake, view: FlakeView | undefined): void {
    if (view?.vetting?.flake.judge === undefined) return;
    this.#delays.schedule(`${flake.dir}\0end`, view.vetting.until - view.now, () => void this.now(flake));
  }

  #found(flake: OpenFlake, { view, circumstances }: Examined): Readonly<Partial<Record<FlakeText, readonly Diagnostic[]>>> {
    const options = {
      transitive: circumstances.settings['diagnostics.transitive'],
      lockShown: flake.texts.isOpen('flake.lock') || flake.audited,
      supports: this.#support.diagnostics,
    };
    return { ...diagnostics(view, options), ...vettingDiagnostics(view, options) };
  }

  #publish(flake: OpenFlake, file: FlakeText, found: readonly Diagnostic[], view: FlakeView | undefined): void {
    const uri = flake.texts.uriOf(file);
    const documents: Readonly<Partial<Record<FlakeText, TextDocument>>> = { ...view?.documents, ...view?.vetting?.documents };
    const version = documents[file]?.version ?? -1;
    const shown = found.length === 0 ? '' : JSON.stringify([version, found]);
    const before = this.#shown.get(uri);
    // That an open file has no problems is said once; of a closed one only after it had some.
    if (shown === before || (shown === '' && before === undefined && !flake.texts.isOpen(file))) return;
    if (flake.texts.isOpen(file) || shown !== '') this.#shown.set(uri, shown);
    else this.#shown.delete(uri);
    void this.#connection.sendDiagnostics({ uri, ...(version < 0 ? {} : { version }), diagnostics: [...found] });
  }
}
