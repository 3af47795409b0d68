/**
 * A table of any number of rows of which only those on the screen exist. It scrolls with the page, and is one stop of the Tab key:
 * arrows move a cell cursor that `aria-activedescendant` tells to screen readers, so that a row may vanish under the cursor.
 */
import { h, type Child } from './dom';
import { icon } from './icons';

export interface GridColumn<Id extends string = string> {
  readonly id: Id;
  readonly title: string;
  /** Explains the column in a tooltip. */
  readonly hint?: string;
  readonly sortable: boolean;
  readonly numeric?: boolean;
  /** Narrow panels drop columns; the higher the number, the sooner. */
  readonly drop?: 0 | 1 | 2 | 3;
  /** A track of a CSS grid. */
  readonly width: string;
  /** Fills the cell of a row; `cell` is empty. */
  readonly render: (row: number) => Child;
}

export interface GridOptions<Id extends string> {
  readonly label: string;
  readonly columns: readonly GridColumn<Id>[];
  readonly onSort?: (column: Id) => void;
  readonly onOpen?: (row: number, how: 'keyboard' | 'pointer') => void;
}

/** From how many ems of width on columns are shown that may be dropped, by their `drop`. */
const SHOWN_FROM_EM = [0, 40, 66, 80] as const;

/** Rows drawn beyond both ends of the screen. */
const OVERSCAN = 6;

interface Slot {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
  /** Position in the current order, -1 for none. */
  at: number;
}

let grids = 0;

export class VirtualGrid<Id extends string> {
  readonly element: HTMLElement;
  readonly #options: GridOptions<Id>;
  readonly #id = `grid${++grids}`;
  readonly #header: HTMLElement;
  readonly #headerCells: HTMLElement[];
  readonly #body: HTMLElement;
  readonly #probe: HTMLElement;
  readonly #slots: Slot[] = [];
  #rows: ArrayLike<number> = [];
  #rowHeight = 0;
  /** The cell cursor; -1 is the header. */
  #activeAt = 0;
  #activeColumn = 0;
  #selected = -1;
  #frame = 0;

  constructor(options: GridOptions<Id>) {
    this.#options = options;
    this.#headerCells = options.columns.map((column, index) => this.#headerCell(column, index));
    this.#header = h('div', { role: 'row', class: 'grid-row grid-header', 'aria-rowindex': 1 }, this.#headerCells);
    this.#probe = h('div', { class: 'grid-row grid-probe', 'aria-hidden': 'true' }, '\u00a0');
    this.#body = h('div', { role: 'rowgroup', class: 'grid-body' }, this.#probe);
    this.element = h(
      'div',
      {
        role: 'grid',
        tabindex: 0,
        class: 'grid',
        'aria-label': options.label,
        'aria-colcount': options.columns.length,
        'aria-readonly': 'true',
      },
      h('div', { role: 'rowgroup', class: 'grid-head' }, this.#header),
      this.#body,
    );
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    this.element.addEventListener('focus', () => this.#pointAtActive());
    this.#body.addEventListener('click', (event) => this.#onClick(event));
    addEventListener('scroll', () => this.#schedule(), { passive: true });
    new ResizeObserver(() => {
      this.#fitColumns();
      this.#schedule();
    }).observe(this.element);
    addEventListener('resize', () => this.#schedule());
  }

  /** Position of the cursor. */
  get active(): number {
    return this.#activeAt;
  }

  /** Shows other rows, or the same in another order. The cursor stays on its row where that is still there. */
  setRows(rows: ArrayLike<number>): void {
    const active = this.#rows[this.#activeAt];
    this.#rows = rows;
    this.element.setAttribute('aria-rowcount', String(rows.length + 1));
    const at = active === undefined || this.#activeAt <= 0 ? -1 : Array.prototype.indexOf.call(rows, active);
    this.#activeAt = at >= 0 ? at : Math.min(0, rows.length - 1);
    for (const slot of this.#slots) slot.at = -1;
    this.#draw();
  }

  /** Marks the column that the rows are sorted by. */
  setSort(column: Id, descending: boolean): void {
    this.#options.columns.forEach(({ id, sortable }, index) => {
      const cell = this.#headerCells[index];
      if (cell === undefined || !sortable) return;
      const sorted = id === column;
      cell.setAttribute('aria-sort', sorted ? (descending ? 'descending' : 'ascending') : 'none');
      const mark = cell.querySelector('.sort-mark');
      mark?.replaceChildren(...(sorted ? [icon(descending ? 'arrowDown' : 'arrowUp')] : []));
    });
  }

  /** Marks the row that is open elsewhere; -1 for none. */
  select(row: number): void {
    this.#selected = row;
    for (const slot of this.#slots) this.#markSelected(slot);
  }

  /** Moves the cursor to a row if it is among those shown, and scrolls to it. */
  reveal(row: number): void {
    const at: number = Array.prototype.indexOf.call(this.#rows, row);
    if (at >= 0) this.#moveTo(at, this.#activeColumn);
  }

  /** Puts the cursor on a position without scrolling. */
  restore(at: number): void {
    this.#activeAt = Math.max(Math.min(at, this.#rows.length - 1), 0);
    this.#draw();
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  #headerCell(column: GridColumn<Id>, index: number): HTMLElement {
    const { id, title, hint, sortable } = column;
    const cell = h('div', {
      role: 'columnheader',
      id: `${this.#id}-h-${index}`,
      class: cellClass(column),
      'aria-colindex': index + 1,
      ...(sortable ? { 'aria-sort': 'none' } : {}),
    });
    if (!sortable) cell.append(h('span', { title: hint }, title));
    else {
      cell.append(
        h(
          'button',
          { type: 'button', tabindex: -1, title: hint ?? `Sort by ${title}`, onclick: () => this.#options.onSort?.(id) },
          h('span', { class: 'clip' }, title),
          h('span', { class: 'sort-mark', 'aria-hidden': 'true' }),
        ),
      );
    }
    return cell;
  }

  /** Shows the columns for which there is room. */
  #fitColumns(): void {
    const width = this.element.clientWidth / parseFloat(getComputedStyle(this.element).fontSize);
    if (!(width > 0)) return;
    const level = SHOWN_FROM_EM.findLastIndex((from) => width >= from);
    for (const number of SHOWN_FROM_EM.keys()) this.element.classList.toggle(`level-${number}`, number === level);
    const tracks = this.#options.columns.filter(({ drop = 0 }) => drop <= level).map((column) => column.width);
    this.element.style.setProperty('--columns', tracks.join(' '));
  }

  #schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Fills the rows on the screen; a row that is there already is left alone. */
  #draw(): void {
    if (!this.element.isConnected || this.element.offsetParent === null) return;
    const height = this.#probe.getBoundingClientRect().height;
    if (height === 0) return;
    if (height !== this.#rowHeight) {
      this.#rowHeight = height;
      for (const slot of this.#slots) slot.at = -1;
    }
    this.#body.style.height = `${this.#rows.length * height}px`;
    const top = this.#body.getBoundingClientRect().top;
    const first = Math.max(Math.floor(-top / height) - OVERSCAN, 0);
    const end = Math.min(Math.ceil((innerHeight - top) / height) + OVERSCAN, this.#rows.length);
    const wanted = Math.max(end - first, 0);
    // A position keeps its slot while it is on the screen: position modulo slots. More slots only when the window grows.
    if (wanted > this.#slots.length) {
      while (this.#slots.length < wanted + OVERSCAN) this.#slots.push(this.#makeSlot(this.#slots.length));
      for (const slot of this.#slots) slot.at = -1;
    }
    const slots = this.#slots.length;
    const used = new Set<Slot>();
    for (let at = first; at < end; at++) {
      const slot = this.#slots[at % slots];
      if (slot === undefined) continue;
      used.add(slot);
      if (slot.at !== at) this.#fill(slot, at);
    }
    for (const slot of this.#slots) {
      if (used.has(slot)) continue;
      slot.at = -1;
      slot.element.hidden = true;
    }
    this.#pointAtActive();
  }

  #makeSlot(number: number): Slot {
    const cells = this.#options.columns.map((column, index) =>
      h('div', {
        role: 'gridcell',
        id: `${this.#id}-${number}-${index}`,
        class: cellClass(column),
        'aria-colindex': index + 1,
      }),
    );
    const element = h('div', { role: 'row', class: 'grid-row' }, cells);
    element.hidden = true;
    this.#body.append(element);
    return { element, cells, at: -1 };
  }

  #fill(slot: Slot, at: number): void {
    const row = this.#rows[at] ?? 0;
    slot.at = at;
    slot.element.hidden = false;
    slot.element.style.transform = `translateY(${at * this.#rowHeight}px)`;
    slot.element.setAttribute('aria-rowindex', String(at + 2));
    slot.element.classList.toggle('odd', at % 2 === 1);
    this.#options.columns.forEach(({ render }, index) => {
      const content = render(row);
      const cell = slot.cells[index];
      if (typeof content === 'string') cell?.replaceChildren(content);
      else cell?.replaceChildren(...[content].flat(2).filter((child) => child instanceof Node || typeof child === 'string'));
    });
    this.#markSelected(slot);
  }

  #markSelected(slot: Slot): void {
    const selected = slot.at >= 0 && this.#rows[slot.at] === this.#selected;
    slot.element.classList.toggle('selected', selected);
    if (this.#options.onOpen !== undefined) slot.element.setAttribute('aria-selected', String(selected));
  }

  /** Tells assistive technology and the eye where the cursor is. */
  #pointAtActive(): void {
    const slot = this.#slots.find(({ at }) => at >= 0 && at === this.#activeAt);
    for (const { element, cells } of this.#slots) {
      element.classList.toggle('active', element === slot?.element);
      for (const cell of cells) cell.classList.toggle('active', element === slot?.element && cell === cells[this.#activeColumn]);
    }
    this.#headerCells.forEach((cell, index) => {
      cell.classList.toggle('active', this.#activeAt < 0 && index === this.#activeColumn);
    });
    const cell = this.#activeAt < 0 ? this.#headerCells[this.#activeColumn] : slot?.cells[this.#activeColumn];
    if (cell === undefined) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', cell.id);
  }

  #onClick(event: MouseEvent): void {
    const { target } = event;
    if (!(target instanceof Element)) return;
    const slot = this.#slots.find(({ element }) => element.contains(target));
    if (slot === undefined || slot.at < 0) return;
    this.#activeAt = slot.at;
    const column = slot.cells.findIndex((cell) => cell.contains(target));
    if (column >= 0) this.#activeColumn = column;
    this.focus();
    this.#pointAtActive();
    if (getSelection()?.isCollapsed === false) return; // the user marks text
    this.#options.onOpen?.(this.#rows[slot.at] ?? 0, 'pointer');
  }

  #onKey(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || event.target !== this.element) return;
    const last = this.#rows.length - 1;
    const page = Math.max(Math.floor((innerHeight - this.#headerBottom()) / (this.#rowHeight || 1)) - 1, 1);
    const move = (at: number): void => this.#moveTo(Math.max(Math.min(at, last), 0), this.#activeColumn);
    switch (event.key) {
      case 'ArrowDown':
        move(this.#activeAt + 1);
        break;
      case 'ArrowUp':
        if (this.#activeAt <= 0 && this.#options.onSort !== undefined) this.#moveTo(-1, this.#activeColumn);
        else move(this.#activeAt - 1);
        break;
      case 'PageDown':
        move(this.#activeAt + page);
        break;
      case 'PageUp':
        move(this.#activeAt - page);
        break;
      case 'Home':
        move(0);
        break;
      case 'End':
        move(last);
        break;
      case 'ArrowRight':
        this.#moveTo(this.#activeAt, this.#shownColumn(1));
        break;
      case 'ArrowLeft':
        this.#moveTo(this.#activeAt, this.#shownColumn(-1));
        break;
      case 'Enter':
      case ' ':
        this.#activate();
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #activate(): void {
    if (this.#activeAt < 0) {
      const column = this.#options.columns[this.#activeColumn];
      if (column?.sortable === true) this.#options.onSort?.(column.id);
      return;
    }
    const row = this.#rows[this.#activeAt];
    if (row !== undefined) this.#options.onOpen?.(row, 'keyboard');
  }

  /** The next column to the left or right that the panel is wide enough to show. */
  #shownColumn(step: 1 | -1): number {
    let index = this.#activeColumn + step;
    while (index >= 0 && index < this.#headerCells.length && this.#headerCells[index]?.offsetParent === null) index += step;
    return index < 0 || index >= this.#headerCells.length ? this.#activeColumn : index;
  }

  #moveTo(at: number, column: number): void {
    this.#activeAt = this.#rows.length === 0 ? -1 : at;
    this.#activeColumn = column;
    if (at >= 0 && this.#rowHeight > 0) {
      const top = this.#body.getBoundingClientRect().top + at * this.#rowHeight;
      const above = this.#headerBottom() - top;
      const below = top + this.#rowHeight - innerHeight;
      if (above > 0) scrollBy({ top: -above, behavior: 'instant' });
      else if (below > 0) scrollBy({ top: below, behavior: 'instant' });
    }
    this.#draw();
  }

  /** Where the rows begin that the header, which stays on the screen, does not cover. */
  #headerBottom(): number {
    return this.#header.getBoundingClientRect().bottom;
  }
}

function cellClass({ id, numeric, drop = 0 }: GridColumn): string {
  return `cell col-${id} drop-${drop}${numeric === true ? ' numeric' : ''}`;
}
