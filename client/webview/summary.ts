/** What stands first on the page: what was audited, how complete it is, the totals, and who signed what from where. */
import { button, h, iconButton, property, type Child } from './dom';
import { icon, VERDICT_ICONS, type IconName } from './icons';
import type { Overview } from './messages';
import type { FilterKind, Filters } from './pathTable';
import { bytes, cacheLabel, count, moment, percent, plural, verdictLabel, verdictSentence, VERDICTS } from './words';

/** Rows of a chart before "show all". */
const MAX_BARS = 8;

/** What was audited, and when. */
export function heading(overview: Overview, actions: Child): HTMLElement {
  const { installables, roots, flake, finishedAt } = overview;
  const names = installables.length > 0 ? installables : roots.first;
  return h(
    'header',
    { class: 'page-head' },
    h(
      'div',
      { class: 'page-title' },
      h('h1', {}, names.slice(0, 3).join(', '), names.length > 3 && ` and ${names.length - 3} more`),
      h('p', { class: 'dim' }, `Flake ${flake} · audited ${moment(finishedAt)}`),
    ),
    h('div', { class: 'actions' }, actions),
  );
}

/** Whatever makes the numbers below less than the whole truth. */
export function notices({ cancelled, stopped, totals, caches }: Overview): HTMLElement[] {
  const notes: HTMLElement[] = [];
  const note = (title: string, text: string): void => {
    notes.push(h('div', { class: 'notice', role: 'note' }, icon('warning'), h('p', {}, h('strong', {}, title), ` ${text}`)));
  };
  const unvisited =
    stopped === undefined || stopped.unvisited === 0
      ? ''
      : ` ${plural(stopped.unvisited, 'known path was', 'known paths were')} not looked at, and what these need is not known.`;
  if (cancelled || stopped?.reason === 'cancelled')
    note(
      'Cancelled before the end.',
      `What follows is what was learned until then.${unvisited} Run the audit again to complete it.`,
    );
  else if (stopped !== undefined)
    note(
      'Not complete: a limit was reached.',
      `${stopped.reason === 'max-paths' ? 'The closure has more paths' : 'Its paths have more references'} than the limit of ${count(stopped.limit ?? 0)}.${unvisited}`,
    );
  const silent = caches.filter(({ state }) => state === 'unreachable');
  if (silent.length > 0)
    note(
      silent.length === 1 ? 'A cache did not answer.' : `${silent.length} caches did not answer.`,
      `${silent.map(({ url, reason }) => `${cacheLabel(url)}${reason === undefined ? '' : ` (${reason})`}`).join(', ')}. Paths may be there all the same.`,
    );
  if (totals.paths === 0)
    note('Nothing to show.', 'The closure has no store paths: the outputs need nothing that a cache or the store could hold.');
  return notes;
}

/** The numbers to read first. */
export function tiles({ totals, severities, plan, groups }: Overview, showFindings: () => void): HTMLElement {
  const verified = totals.byVerdict.verified ?? 0;
  const contentAddressed = totals.byVerdict['content-addressed'] ?? 0;
  const problems = severities.error + severities.warning;
  const tile = (name: IconName, label: string, value: string, more: string, tone = ''): HTMLElement =>
    h(
      'div',
      { class: `tile ${tone}` },
      h('dt', {}, icon(name), label),
      h('dd', {}, h('span', { class: 'tile-value' }, value), h('span', { class: 'tile-more' }, more)),
    );
  const findings = tile(
    severities.error > 0 ? 'error' : problems > 0 ? 'warning' : 'check',
    'Findings',
    count(groups.reduce((sum, { findings: list }) => sum + list.length, 0)),
    [
      severities.error > 0 && plural(severities.error, 'error'),
      severities.warning > 0 && plural(severities.warning, 'warning'),
      severities.information + severities.hint > 0 && plural(severities.information + severities.hint, 'note'),
    ]
      .filter((text) => text !== false)
      .join(', ') || 'nothing found',
    severities.error > 0 ? 'bad' : problems > 0 ? 'doubtful' : 'good',
  );
  if (groups.length > 0) {
    findings.classList.add('clickable');
    findings.querySelector('dd')?.append(iconButton('chevron', 'Show findings', showFindings));
  }
  return h(
    'dl',
    { class: 'tiles' },
    tile('download', 'Store paths', count(totals.paths), `${bytes(totals.narBytes)} unpacked`),
    tile(
      'verified',
      'Signature verified',
      count(verified),
      `${percent(verified, totals.paths)} of the paths${contentAddressed > 0 ? `, ${count(contentAddressed)} more need none` : ''}`,
    ),
    plan === undefined
      ? tile('key', 'Signers', count(Object.keys(totals.byKey).length), 'trusted keys that vouch for a path')
      : tile(
          'tools',
          'To build here',
          count(plan.build.count),
          `${count(plan.substitute)} to fetch, ${count(plan.local)} already here`,
        ),
    findings,
  );
}

/** One row of a chart: a filter that can be switched on and off. */
interface Bar {
  readonly value: string;
  readonly label: string;
  readonly title: string;
  readonly count: number;
  readonly className: string;
  readonly icon?: IconName;
}

/** Three charts that are filters of the table. */
export class Charts {
  readonly element: HTMLElement;
  readonly #buttons: { readonly kind: FilterKind; readonly value: string; readonly element: HTMLElement }[] = [];
  readonly #toggle: (kind: FilterKind, value: string) => void;

  constructor({ totals }: Overview, toggle: (kind: FilterKind, value: string) => void) {
    this.#toggle = toggle;
    const { byVerdict, byKey, byCache, paths } = totals;
    const verdicts = VERDICTS.flatMap((name): Bar[] => {
      const number = byVerdict[name] ?? 0;
      if (number === 0) return [];
      const drawing = VERDICT_ICONS[name];
      return [
        {
          value: name,
          label: verdictLabel(name),
          title: verdictSentence(name),
          count: number,
          className: name,
          ...(drawing === undefined ? {} : { icon: drawing }),
        },
      ];
    });
    const byCount = (counts: Readonly<Record<string, number>>, label: (name: string) => string, className: string): Bar[] =>
      Object.entries(counts)
        .filter(([, number]) => number > 0)
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .map(([name, number]) => ({ value: name, label: label(name), title: name, count: number, className }));
    const from = byCount(byCache, cacheLabel, 'cache');
    const elsewhere = paths - from.reduce((sum, { count: number }) => sum + number, 0);
    if (elsewhere > 0)
      from.push({
        value: '',
        label: 'no cache',
        title: 'Nix would not take these from any of the caches',
        count: elsewhere,
        className: 'none',
      });
    this.element = h(
      'section',
      { class: 'charts', 'aria-label': 'Charts; each bar filters the table of paths' },
      this.#chart('Verdicts', 'verdict', verdicts, paths, this.#stack(verdicts, paths)),
      this.#chart(
        'Signed by',
        'signer',
        byCount(byKey, (name) => name, 'key'),
        paths,
        undefined,
        'No signature of a trusted key was verified.',
      ),
      this.#chart('Taken from', 'cache', from, paths),
    );
  }

  /** Shows which bars are filters now. */
  setFilters(filters: Filters): void {
    for (const { kind, value, element } of this.#buttons) element.setAttribute('aria-pressed', String(filters[kind] === value));
    this.element.classList.toggle(
      'filtered',
      Object.values(filters).some((value) => value !== undefined),
    );
  }

  #chart(
    title: string,
    kind: FilterKind,
    bars: readonly Bar[],
    all: number,
    above?: HTMLElement,
    empty = 'Nothing.',
  ): HTMLElement {
    const list = h(
      'ul',
      { class: 'bars' },
      bars.slice(0, MAX_BARS).map((bar) => this.#bar(kind, bar, all)),
    );
    const more = bars.slice(MAX_BARS);
    const section = h(
      'div',
      { class: 'chart' },
      h('h2', {}, title),
      above,
      bars.length === 0 ? h('p', { class: 'dim' }, empty) : list,
    );
    if (more.length > 0) {
      const control = button(`Show ${more.length} more`, () => {
        const items = more.map((bar) => this.#bar(kind, bar, all));
        list.append(...items);
        control.remove();
        items[0]?.querySelector('button')?.focus();
      });
      section.append(control);
    }
    return section;
  }

  #bar(kind: FilterKind, { value, label, title, count: number, className, icon: drawing }: Bar, all: number): HTMLElement {
    const share = percent(number, all);
    const element = h(
      'button',
      {
        type: 'button',
        class: `bar ${className}`,
        title: `${title}\nClick to filter the table`,
        'aria-pressed': 'false',
        'aria-label': `${label}: ${plural(number, 'path')}, ${share}`,
        onclick: () => this.#toggle(kind, value),
      },
      h('span', { class: 'bar-label' }, drawing !== undefined && icon(drawing), h('span', { class: 'clip' }, label)),
      property(h('span', { class: 'bar-track' }, h('span', { class: 'bar-fill' })), '--share', all === 0 ? 0 : number / all),
      h('span', { class: 'bar-count' }, count(number)),
      h('span', { class: 'bar-share' }, share),
    );
    this.#buttons.push({ kind, value, element });
    return h('li', {}, element);
  }

  /** All verdicts in one bar. The rows below say the same in words. */
  #stack(bars: readonly Bar[], all: number): HTMLElement {
    return h(
      'div',
      { class: 'stack', 'aria-hidden': 'true' },
      bars.map(({ className, count: number }) =>
        property(h('span', { class: className }), '--share', all === 0 ? 0 : number / all),
      ),
    );
  }
}
