/** The table of all paths with its search, filters and details. */
import type { ClosureColumns, ClosurePathDetails } from '../../../server/src/protocol';
import { details, detailsFrame, nameOf } from '../details';
import { h, iconButton, searchField, verdictMark, type Child } from '../dom';
import { FILTER_KINDS, PathTable, type FilterKind, type Filters, type Sort, type SortColumn } from '../pathTable';
import { Superseded } from '../slices';
import { VirtualGrid, type GridColumn } from '../virtualGrid';
import { AGREEMENT_LABELS, BUILT_LABELS, bytes, cacheLabel, count, plural, verdictLabel } from '../words';

export interface PathsState {
  readonly text: string;
  readonly filters: Filters;
  readonly sort: Sort;
  readonly active: number;
  readonly open?: string;
}

export const FIRST_STATE: PathsState = { text: '', filters: {}, sort: { column: 'name', descending: false }, active: 0 };

export interface PathsHost {
  readonly isRoot: (storePath: string) => boolean;
  readonly askDetails: (storePath: string) => void;
  readonly copyPath: (storePath: string) => void;
  /** Says something to screen readers. */
  readonly announce: (text: string) => void;
  readonly changed: () => void;
  readonly filtersChanged: (filters: Filters) => void;
}

/** How long after the last key the number of matches is said: a screen reader is not to talk into the typing. */
const ANNOUNCE_AFTER_MS = 600;

const FILTER_WORDS: Readonly<Record<FilterKind, string>> = {
  verdict: 'Verdict',
  signer: 'Signed by',
  cache: 'From',
  input: 'Input',
  built: 'Built',
  agreement: 'Agreement',
};

/** Numbers and worst verdicts are wanted from the top, names from A. */
const DESCENDING_FIRST: ReadonlySet<SortColumn> = new Set<SortColumn>([
  'verdict',
  'size',
  'references',
  'referrers',
  'agreement',
  'built',
]);

export class PathsTab {
  readonly element: HTMLElement;
  /** Search and filters, which stay on the screen. */
  readonly toolbar: HTMLElement;
  readonly #table: PathTable;
  readonly #grid: VirtualGrid<SortColumn>;
  readonly #host: PathsHost;
  readonly #search: ReturnType<typeof searchField>;
  readonly #count: HTMLElement;
  readonly #chips: HTMLElement;
  readonly #pane: HTMLElement;
  readonly #empty: HTMLElement;
  #text: string;
  #filters: Filters;
  #sort: Sort;
  #open: string | undefined;
  #history: string[] = [];
  #focusDetails = false;
  #running: AbortController | undefined;
  #announcing: ReturnType<typeof setTimeout> | undefined;

  constructor(columns: ClosureColumns, state: PathsState, host: PathsHost) {
    this.#host = host;
    this.#table = new PathTable(columns);
    this.#text = state.text;
    this.#filters = state.filters;
    this.#sort = state.sort;
    this.#grid = new VirtualGrid<SortColumn>({
      label: 'Store paths of the closure',
      columns: this.#columns(),
      onSort: (column) => this.#sortBy(column),
      onOpen: (row, how) => this.#openRow(row, how === 'keyboard'),
    });
    this.#grid.setSort(state.sort.column, state.sort.descending);
    this.#search = searchField('Search paths', 'Search name, hash, signer, cache, input…  ( / )');
    this.#search.value = state.text;
    this.#search.addEventListener('input', () => {
      this.#text = this.#search.value;
      void this.#update();
    });
    this.#search.addEventListener('keydown', (event) => this.#onSearchKey(event));
    this.#count = h('span', { class: 'match-count' });
    this.#chips = h('div', { class: 'chips' });
    this.toolbar = h('div', { class: 'toolbar', role: 'search' }, this.#search, this.#chips, this.#count);
    this.#pane = h('aside', { class: 'details', 'aria-label': 'Details of a path' });
    this.#pane.hidden = true;
    this.#pane.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.closeDetails();
    });
    this.#empty = h('p', { class: 'empty' });
    this.#empty.hidden = true;
    this.element = h('div', { class: 'paths' }, h('div', { class: 'paths-main' }, this.#grid.element, this.#empty), this.#pane);
  }

  get state(): PathsState {
    return {
      text: this.#text,
      filters: this.#filters,
      sort: this.#sort,
      active: this.#grid.active,
      ...(this.#open === undefined ? {} : { open: this.#open }),
    };
  }

  /** Draws for the first time, as it was left. */
  async start(state: PathsState): Promise<void> {
    this.#host.filtersChanged(this.#filters);
    await this.#update(false);
    this.#grid.restore(state.active);
    if (state.open !== undefined) this.#show(state.open);
    void this.#table.prepare();
  }

  focusSearch(): void {
    this.#search.focus();
  }

  /** Whether there is something to close. */
  get detailsOpen(): boolean {
    return this.#open !== undefined;
  }

  closeDetails(): void {
    if (this.#open === undefined) return;
    this.#open = undefined;
    this.#history = [];
    this.#pane.hidden = true;
    this.#pane.replaceChildren();
    this.element.classList.remove('with-details');
    this.#grid.select(-1);
    this.#grid.focus();
    this.#host.changed();
  }

  /** Switches a filter on, or off where it is on. */
  toggle(kind: FilterKind, value: string): void {
    const { [kind]: current, ...others } = this.#filters;
    this.#filters = current === value ? others : { ...others, [kind]: value };
    this.#host.filtersChanged(this.#filters);
    void this.#update();
  }

  /** Opens a path from elsewhere on the page. */
  openPath(storePath: string): void {
    this.#history = [];
    this.#focusDetails = true;
    this.#show(storePath);
  }

  /** Shows what the extension answered, unless another path is open by now. */
  receive(storePath: string, answer: ClosurePathDetails | null): void {
    if (storePath !== this.#open) return;
    const actions = this.#actions();
    this.#pane.replaceChildren(
      answer === null
        ? detailsFrame(
            storePath,
            actions,
            h(
              'p',
              { class: 'empty' },
              'The server no longer holds the details of this audit: newer ones took its place, or it was started again. Run the audit again to see them.',
            ),
          )
        : details(answer, actions),
    );
    this.#pane.scrollTop = 0;
    if (this.#focusDetails) this.#pane.querySelector('h2')?.focus({ preventScroll: true });
    this.#focusDetails = false;
  }

  #columns(): GridColumn<SortColumn>[] {
    const table = this.#table;
    const { sizes, references, referrers } = table.columns;
    const all: GridColumn<SortColumn>[] = [
      {
        id: 'name',
        width: 'minmax(10rem, 2.6fr)',
        title: 'Name',
        sortable: true,
        // Two versions of a package often have one name; the beginning of the hash tells them apart.
        render: (row) =>
          h(
            'span',
            { class: 'path-name', title: table.storePath(row) },
            h('span', { class: 'clip' }, table.name(row)),
            h('span', { class: 'hash', 'aria-hidden': 'true' }, table.hash(row).slice(0, 7)),
          ),
      },
      {
        id: 'verdict',
        width: 'minmax(11.5em, 1fr)',
        title: 'Verdict',
        sortable: true,
        render: (row) => verdictMark(table.verdict(row)),
      },
      {
        id: 'signer',
        width: 'minmax(7em, 1.5fr)',
        title: 'Signed by',
        hint: 'Keys that you trust and whose signature was verified',
        sortable: true,
        drop: 1,
        render: (row) => clipped(table.keyNames(row).join(', ')),
      },
      {
        id: 'from',
        width: 'minmax(7em, 1.5fr)',
        title: 'From',
        hint: 'The cache that Nix would take it from',
        sortable: true,
        drop: 2,
        render: (row) => clipped(cacheLabel(table.cache(row)), table.cache(row)),
      },
      {
        id: 'agreement',
        width: '8em',
        title: 'Agreement',
        hint: 'Whether the caches that have it agree on its content',
        sortable: true,
        drop: 2,
        render: (row) => {
          const agreement = table.agreement(row) ?? 'none';
          return h(
            'span',
            { class: `agreement ${agreement}`, title: AGREEMENT_LABELS[agreement][1] },
            AGREEMENT_LABELS[agreement][0],
          );
        },
      },
      {
        id: 'input',
        width: 'minmax(5em, 1fr)',
        title: 'Input',
        hint: 'The input whose package makes it',
        sortable: true,
        drop: 3,
        render: (row) => clipped(table.input(row)),
      },
      {
        id: 'built',
        width: '6.5em',
        title: 'Built',
        sortable: true,
        drop: 3,
        render: (row) => clipped(BUILT_LABELS[table.built(row)]),
      },
      {
        id: 'size',
        width: '5.5em',
        title: 'Size',
        hint: 'Unpacked',
        sortable: true,
        numeric: true,
        drop: 1,
        render: (row) => bytes(sizes[row] ?? -1),
      },
      {
        id: 'references',
        width: '4.2em',
        title: 'Refs',
        hint: 'How many paths it refers to',
        sortable: true,
        numeric: true,
        drop: 3,
        render: (row) => count(references[row] ?? 0),
      },
      {
        id: 'referrers',
        width: '5.2em',
        title: 'Used by',
        hint: 'How many paths refer to it',
        sortable: true,
        numeric: true,
        drop: 2,
        render: (row) => count(referrers[row] ?? 0),
      },
    ];
    return all.filter(({ id }) => table.has(id));
  }

  #actions(): Parameters<typeof details>[1] {
    return {
      isRoot: this.#host.isRoot,
      show: (storePath) => {
        if (this.#open !== undefined) this.#history.push(this.#open);
        this.#focusDetails = true;
        this.#show(storePath);
      },
      copy: (storePath) => this.#host.copyPath(storePath),
      close: () => this.closeDetails(),
      ...(this.#history.length === 0
        ? {}
        : {
            back: () => {
              const previous = this.#history.pop();
              this.#focusDetails = true;
              if (previous !== undefined) this.#show(previous);
            },
          }),
    };
  }

  #openRow(row: number, focus: boolean): void {
    this.#history = [];
    this.#focusDetails = focus;
    this.#show(this.#table.storePath(row));
  }

  #show(storePath: string): void {
    this.#open = storePath;
    this.#pane.hidden = false;
    this.element.classList.add('with-details');
    this.#pane.replaceChildren(detailsFrame(storePath, this.#actions(), h('p', { class: 'dim' }, 'Loading…')));
    const row = this.#table.rowOf(storePath);
    this.#grid.select(row);
    this.#grid.reveal(row);
    this.#makeRoom();
    this.#host.askDetails(storePath);
    this.#host.announce(`Details of ${nameOf(storePath)}`);
    this.#host.changed();
  }

  /** Scrolls the totals away when they leave the details little height. */
  #makeRoom(): void {
    const { top } = this.#pane.getBoundingClientRect();
    const stuck = this.toolbar.parentElement?.getBoundingClientRect();
    if (stuck === undefined || stuck.top <= 0 || top < innerHeight * 0.4 || getComputedStyle(this.#pane).position === 'fixed')
      return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    scrollBy({ top: stuck.top, behavior: still ? 'instant' : 'smooth' });
  }

  #sortBy(column: SortColumn): void {
    const descending = this.#sort.column === column ? !this.#sort.descending : DESCENDING_FIRST.has(column);
    this.#sort = { column, descending };
    this.#grid.setSort(column, descending);
    void this.#update();
  }

  #onSearchKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.stopPropagation();
      if (this.#text !== '') {
        this.#search.value = this.#text = '';
        void this.#update();
      } else this.#grid.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      this.#grid.focus();
    }
  }

  async #update(announce = true): Promise<void> {
    this.#running?.abort();
    const controller = (this.#running = new AbortController());
    let rows: Int32Array;
    try {
      rows = await this.#table.select({ text: this.#text, filters: this.#filters, sort: this.#sort }, controller.signal);
    } catch (error) {
      if (error instanceof Superseded) return;
      throw error;
    }
    if (controller.signal.aborted) return;
    this.#grid.setRows(rows);
    this.#drawChips();
    const all = this.#table.length;
    const words = rows.length === all ? plural(all, 'path') : `${count(rows.length)} of ${plural(all, 'path')}`;
    this.#count.textContent = words;
    this.#empty.hidden = rows.length > 0 || all === 0;
    if (rows.length === 0) this.#empty.textContent = 'No path matches. Clear the search or take away a filter.';
    if (announce) {
      clearTimeout(this.#announcing);
      this.#announcing = setTimeout(() => {
        this.#host.announce(rows.length === 0 ? 'No path matches' : `${words} shown`);
      }, ANNOUNCE_AFTER_MS);
    }
    this.#host.changed();
  }

  #drawChips(): void {
    const chips = FILTER_KINDS.flatMap((kind): Child[] => {
      const value = this.#filters[kind];
      if (value === undefined) return [];
      const words = `${FILTER_WORDS[kind]}: ${filterLabel(kind, value)}`;
      return [
        h(
          'span',
          { class: 'chip' },
          h('span', { class: 'clip', title: words }, words),
          iconButton('close', `Remove filter ${words}`, () => {
            this.toggle(kind, value);
            this.#search.focus();
          }),
        ),
      ];
    });
    this.#chips.replaceChildren(...chips.filter((chip) => chip instanceof Node));
  }
}

function filterLabel(kind: FilterKind, value: string): string {
  if (value === '') return 'none';
  if (kind === 'verdict') return verdictLabel(value);
  if (kind === 'cache') return cacheLabel(value);
  return value;
}

function clipped(text: string, title = text): HTMLElement {
  return h('span', { class: 'clip', title }, text);
}
