/**
 * The closure view: a page in a VS Code panel. It asks nobody but the extension, and runs nothing but this bundle. When the panel is
 * hidden the page ends; what the user had chosen is kept by VS Code and applied again.
 */
import '@vscode-elements/elements/dist/vscode-badge/index.js';
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import type { ClosureColumns } from '../../server/src/protocol';
import { button, h } from './dom';
import { emptyState } from './emptyState';
import { menuButton } from './menu';
import type { ExportFormat, FromView, Gone, Overview, ToView } from './messages';
import type { Filters } from './pathTable';
import { Charts, heading, notices, tiles } from './summary';
import { cachesTab } from './tabs/cachesTab';
import { downloadsTab } from './tabs/downloadsTab';
import { findingsTab } from './tabs/findingsTab';
import { inputsTab } from './tabs/inputsTab';
import { FIRST_STATE, PathsTab, type PathsState } from './tabs/pathsTab';
import { planTab } from './tabs/planTab';
import { count } from './words';

declare function acquireVsCodeApi(): {
  postMessage(message: FromView): void;
  getState(): unknown;
  setState(state: ViewState): void;
};

type TabId = 'paths' | 'findings' | 'caches' | 'plan' | 'downloads' | 'inputs';

/** What survives hiding. Written by this page only. */
interface ViewState {
  readonly tab: TabId;
  readonly scroll: number;
  readonly paths: PathsState;
}

const EXPORTS: readonly (readonly [ExportFormat, string, string])[] = [
  ['html', 'HTML', 'one file to read or print'],
  ['markdown', 'Markdown', 'for a ticket'],
  ['text', 'Text', 'as on a terminal'],
  ['json', 'JSON', 'the public contract'],
  ['sarif', 'SARIF', 'for code scanning'],
  ['cyclonedx', 'CycloneDX', 'a bill of materials'],
];

const api = acquireVsCodeApi();
const saved = api.getState() as Partial<ViewState> | undefined;

const live = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
const toast = h('div', { class: 'toast', 'aria-hidden': 'true' });
toast.hidden = true;
const view = h('main', { class: 'view', 'aria-busy': 'true' });
document.body.append(view, live, toast);

let overview: Overview | undefined;
let page: Page | undefined;
let toastTimer: ReturnType<typeof setTimeout> | undefined;

function send(message: FromView): void {
  api.postMessage(message);
}

function announce(text: string): void {
  live.textContent = text;
}

/** Says it to everybody: on the screen for a moment, and to screen readers. */
function say(text: string): void {
  announce(text);
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    toast.hidden = true;
  }, 2500);
}

function showState(content: HTMLElement): void {
  page = undefined;
  view.setAttribute('aria-busy', 'false');
  view.replaceChildren(content);
}

function loading(): void {
  view.replaceChildren(
    h(
      'div',
      { class: 'state', role: 'status' },
      h('div', { class: 'loading', 'aria-hidden': 'true' }),
      h('p', {}, 'Loading the closure audit…'),
    ),
  );
}

function showGone(why: Gone, message: string | undefined): void {
  const restart = { label: 'Restart Server', run: () => send({ type: 'restart' }) };
  if (why === 'not-held')
    showState(
      emptyState(
        'info',
        'This audit is no longer held',
        'Audits live in the memory of the language server: newer ones took the place of this one, or the server was started again. Run it again to see it.',
        { label: 'Audit Output Closure…', run: () => send({ type: 'again' }) },
      ),
    );
  else if (why === 'no-server')
    showState(
      emptyState(
        'server',
        'The language server is not running',
        'It holds the audits. After a restart, run the audit again.',
        restart,
      ),
    );
  else showState(emptyState('error', 'The audit could not be shown', message ?? '', restart));
}

/** The whole report. */
class Page {
  readonly paths: PathsTab;
  readonly #charts: Charts;
  readonly #tabs: ReadonlyMap<TabId, { readonly tab: HTMLElement; readonly panel: HTMLElement }>;
  readonly #serverNotice: HTMLElement;
  #current: TabId = 'paths';
  #scroll = 0;
  #saving = 0;

  constructor(model: Overview, columns: ClosureColumns) {
    const state = { ...FIRST_STATE, ...saved?.paths };
    this.#charts = new Charts(model, (kind, value) => {
      this.select('paths');
      this.paths.toggle(kind, value);
    });
    const roots = new Set(model.roots.first);
    this.paths = new PathsTab(columns, state, {
      isRoot: (storePath) => roots.has(storePath),
      askDetails: (storePath) => send({ type: 'details', storePath }),
      copyPath: (storePath) => send({ type: 'copyPath', storePath }),
      announce,
      changed: () => this.save(),
      filtersChanged: (filters: Filters) => this.#charts.setFilters(filters),
    });
    const host = {
      send,
      showPath: (storePath: string) => {
        this.select('paths');
        this.paths.openPath(storePath);
      },
      showInput: (path: string) => {
        this.select('paths');
        this.paths.toggle('input', path);
      },
    };
    const inputNames = columns.inputPaths.map((path) => path.join('/'));
    const made = new Map<string, number>();
    for (const input of columns.inputs) {
      const name = inputNames[input];
      if (name !== undefined) made.set(name, (made.get(name) ?? 0) + 1);
    }
    const findings = model.groups.reduce((sum, { findings: list }) => sum + list.length, 0);
    const { plan, sources } = model;
    this.#tabs = new Map(
      [
        this.#tab('paths', 'Paths', columns.names.length, this.paths.element),
        this.#tab('findings', 'Findings', findings, findingsTab(model, host)),
        this.#tab('caches', 'Caches', model.caches.length, cachesTab(model, host)),
        plan !== undefined && this.#tab('plan', 'Plan', undefined, planTab(plan, host)),
        sources !== undefined && this.#tab('downloads', 'Downloads', sources.totals.sources, downloadsTab(sources)),
        this.#tab(
          'inputs',
          'Inputs',
          model.inputs.length,
          inputsTab(model.inputs, (path) => made.get(path) ?? 0, host),
        ),
      ].filter((entry) => entry !== false),
    );
    const tabs = [...this.#tabs.values()];
    const tablist = h(
      'div',
      { role: 'tablist', class: 'tabs', 'aria-label': 'Parts of the report' },
      tabs.map(({ tab }) => tab),
    );
    tablist.addEventListener('keydown', (event) => this.#onTabKey(event));
    this.#serverNotice = h('div', { class: 'notice', role: 'status' });
    this.#serverNotice.hidden = true;
    const sticky = h('div', { class: 'sticky' }, tablist, this.paths.toolbar);
    const stickyHeight = new ResizeObserver(() => {
      document.documentElement.style.setProperty('--sticky', `${sticky.offsetHeight}px`);
    });
    stickyHeight.observe(sticky);
    view.setAttribute('aria-busy', 'false');
    view.replaceChildren(
      heading(model, [
        menuButton(
          'Export',
          EXPORTS.map(([format, label, detail]) => ({ label, detail, run: () => send({ type: 'export', format }) })),
        ),
        button('Audit Again…', () => send({ type: 'again' }), { icon: 'refresh' }),
      ]),
      this.#serverNotice,
      ...notices(model),
      tiles(model, () => this.select('findings', true)),
      this.#charts.element,
      sticky,
      ...tabs.map(({ panel }) => panel),
    );
    const wanted = saved?.tab ?? 'paths';
    this.select(this.#tabs.has(wanted) ? wanted : 'paths');
    void this.paths.start(state).then(() => {
      if (saved?.scroll !== undefined) scrollTo({ top: saved.scroll, behavior: 'instant' });
      addEventListener('scroll', () => this.save(), { passive: true });
    });
  }

  /** Shows one part of the report. */
  select(id: TabId, focus = false): void {
    this.#current = id;
    for (const [other, { tab, panel }] of this.#tabs) {
      const current = other === id;
      tab.setAttribute('aria-selected', String(current));
      tab.tabIndex = current ? 0 : -1;
      panel.hidden = !current;
      if (current && focus) tab.focus();
    }
    this.paths.toolbar.hidden = id !== 'paths';
    this.save();
    dispatchEvent(new Event('resize')); // what was hidden has its size now
  }

  /** Tells whether the server runs, without which only what is here can be seen. */
  serverRuns(running: boolean): void {
    this.#serverNotice.hidden = running;
    this.#serverNotice.replaceChildren(
      ...(running
        ? []
        : [
            h(
              'p',
              {},
              h('strong', {}, 'The language server stopped.'),
              ' The table is here; details and export need the audit to be run again.',
            ),
            button('Restart Server', () => send({ type: 'restart' })),
          ]),
    );
  }

  save(): void {
    if (this.#saving !== 0) return;
    this.#saving = requestAnimationFrame(() => {
      this.#saving = 0;
      this.#scroll = scrollY;
      api.setState({ tab: this.#current, scroll: this.#scroll, paths: this.paths.state });
    });
  }

  /** Keys that work wherever the focus is, except while typing. */
  onKey(event: KeyboardEvent): void {
    const typing = event.target instanceof Element && event.target.closest('vscode-textfield, input') !== null;
    const find = event.key === 'f' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const slash = event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !typing;
    if (find || slash) {
      event.preventDefault();
      this.select('paths');
      this.paths.focusSearch();
    } else if (event.key === 'Escape' && this.paths.detailsOpen) this.paths.closeDetails();
    // The library's button acts on the space bar, but lets the page scroll as well.
    else if (event.key === ' ' && event.target instanceof Element && event.target.localName === 'vscode-button')
      event.preventDefault();
  }

  #tab(
    id: TabId,
    title: string,
    number: number | undefined,
    content: HTMLElement,
  ): [TabId, { tab: HTMLElement; panel: HTMLElement }] {
    const tab = h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${id}`,
        'aria-controls': `panel-${id}`,
        class: 'tab',
        onclick: () => this.select(id),
      },
      title,
      number !== undefined && h('span', { class: 'tab-count' }, count(number)),
    );
    const panel = h('section', { role: 'tabpanel', id: `panel-${id}`, 'aria-labelledby': `tab-${id}`, class: 'panel' }, content);
    return [id, { tab, panel }];
  }

  #onTabKey(event: KeyboardEvent): void {
    const ids = [...this.#tabs.keys()];
    const at = ids.indexOf(this.#current);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const id = ids.at(next % ids.length);
    if (id !== undefined) this.select(id, true);
  }
}

addEventListener('keydown', (event) => page?.onKey(event));

addEventListener('message', ({ data }: MessageEvent<ToView>) => {
  switch (data.type) {
    case 'overview':
      overview = data.overview;
      return;
    case 'paths':
      if (overview !== undefined) page = new Page(overview, data.columns);
      return;
    case 'gone':
      showGone(data.why, data.message);
      return;
    case 'details':
      page?.paths.receive(data.storePath, data.details);
      return;
    case 'server':
      page?.serverRuns(data.running);
      return;
    case 'said':
      say(data.text);
      return;
  }
});

loading();
send({ type: 'ready' });
