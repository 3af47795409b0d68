import { growingList, h, property, searchField } from '../dom';
import { icon } from '../icons';
import type { Overview, Source } from '../messages';
import { count, percent, plural } from '../words';

const ISSUES = {
  'weak-hash': ['Weak hash', 'MD5 or SHA-1: other content with the same hash can be made'],
  'plain-http': ['Not encrypted', 'Fetched without encryption: only the hash protects it'],
  'no-url': ['No address', 'Nothing says where it comes from, for example a vendored set of dependencies'],
} as const;

/** What the build downloads, which no signature covers. */
export function downloadsTab({ totals, list }: NonNullable<Overview['sources']>): HTMLElement {
  const results = h('div', {});
  const found = h('span', { class: 'match-count', role: 'status' });
  const search = searchField('Search downloads', 'Search name, address, algorithm…');
  let issue: keyof typeof ISSUES | undefined;
  const texts = list.first.map(({ name, algorithm, urls }) =>
    `${name} ${algorithm} ${urls.map(({ url }) => url).join(' ')}`.toLowerCase(),
  );
  const issueButtons = (Object.keys(ISSUES) as (keyof typeof ISSUES)[])
    .filter((name) => totals.byIssue[name] > 0)
    .map((name) => {
      const element = h(
        'button',
        {
          type: 'button',
          class: `chip issue ${name}`,
          title: ISSUES[name][1],
          'aria-pressed': 'false',
          onclick: () => {
            issue = issue === name ? undefined : name;
            for (const [other, control] of issueButtons) control.setAttribute('aria-pressed', String(other === issue));
            update();
          },
        },
        `${ISSUES[name][0]}: ${count(totals.byIssue[name])}`,
      );
      return [name, element] as const;
    });
  const update = (): void => {
    const wanted = search.value.trim().toLowerCase().split(/\s+/);
    const matches = list.first.filter(
      ({ issues }, index) =>
        (issue === undefined || issues.includes(issue)) && wanted.every((word) => texts[index]?.includes(word) === true),
    );
    found.textContent =
      matches.length === list.count
        ? plural(list.count, 'source')
        : `${count(matches.length)} of ${plural(list.count, 'source')}`;
    results.replaceChildren(
      matches.length === 0
        ? h('p', { class: 'empty' }, 'No source matches.')
        : growingList(matches, matches.length + list.count - list.first.length, sourceItem, { first: 50, className: 'sources' }),
    );
  };
  search.addEventListener('input', update);
  update();
  const hosts = totals.byHost.slice(0, 12);
  const most = hosts[0]?.sources ?? 0;
  return h(
    'div',
    { class: 'sections' },
    h(
      'section',
      { class: 'card' },
      h(
        'header',
        { class: 'card-head' },
        icon('download'),
        h('h2', {}, `${plural(totals.sources, 'source')} that the build downloads`),
      ),
      h(
        'p',
        { class: 'dim' },
        'No signature of a cache covers them: that they are what somebody once looked at rests on their hash alone.',
      ),
      h(
        'ul',
        { class: 'bars hosts' },
        hosts.map(({ host, sources }) =>
          h(
            'li',
            { class: 'bar cache static' },
            h('span', { class: 'bar-label' }, h('span', { class: 'clip', title: host }, host.replace(/^mirror:/, 'mirrors of '))),
            property(
              h('span', { class: 'bar-track' }, h('span', { class: 'bar-fill' })),
              '--share',
              most === 0 ? 0 : sources / most,
            ),
            h('span', { class: 'bar-count' }, count(sources)),
            h('span', { class: 'bar-share' }, percent(sources, totals.sources)),
          ),
        ),
      ),
    ),
    h(
      'div',
      { class: 'toolbar inner' },
      search,
      h(
        'div',
        { class: 'chips' },
        issueButtons.map(([, element]) => element),
      ),
      found,
    ),
    results,
  );
}

function sourceItem({ name, algorithm, hash, urls, rev, issues }: Source): HTMLElement {
  return h(
    'div',
    { class: 'source' },
    h(
      'div',
      { class: 'source-head' },
      h('strong', {}, name),
      rev !== undefined && h('code', { class: 'dim' }, rev.slice(0, 12)),
      issues.map((issue) => h('span', { class: `tag ${issue}`, title: ISSUES[issue][1] }, ISSUES[issue][0])),
    ),
    urls.map(({ url }) => h('div', { class: 'url' }, url)),
    h('code', { class: 'hash', title: algorithm }, hash),
  );
}
