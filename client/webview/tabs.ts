/** The parts of the report that are not the table of paths. */
import { button, growingList, h, iconButton, linkButton, property, searchField, verdictMark, type Child } from './dom';
import { icon, SEVERITY_ICONS } from './icons';
import type { CacheState, Finding, FindingGroup, FromView, Input, Overview, Source } from './messages';
import { nameOf } from './details';
import { bytes, cacheLabel, count, percent, plural } from './words';

export interface TabsHost {
  readonly send: (message: FromView) => void;
  readonly showPath: (storePath: string) => void;
  /** Shows the paths that an input made. */
  readonly showInput: (path: string) => void;
}

const SEVERITY_WORDS = { error: 'Error', warning: 'Warning', information: 'Note', hint: 'Hint' } as const;

/** Findings by code, the worst first. */
export function findingsTab({ groups }: Overview, host: TabsHost): HTMLElement {
  if (groups.length === 0)
    return h('p', { class: 'empty' }, icon('check'), ' Nothing found. That says what was checked, and no more.');
  return h(
    'div',
    { class: 'sections' },
    groups.map((group) => findingGroup(group, host)),
  );
}

function findingGroup({ code, title, severity, findings }: FindingGroup, host: TabsHost): HTMLElement {
  return h(
    'section',
    { class: `card finding-group ${severity}` },
    h(
      'header',
      { class: 'card-head' },
      h(
        'span',
        { class: `severity ${severity}` },
        icon(SEVERITY_ICONS[severity]),
        h('span', { class: 'unseen' }, SEVERITY_WORDS[severity]),
      ),
      h('h2', {}, title, ' ', h('code', { class: 'dim' }, code)),
      h('vscode-badge', { variant: 'counter', 'aria-label': plural(findings.length, 'finding') }, count(findings.length)),
      linkButton('About this check', () => host.send({ type: 'help', code })),
    ),
    growingList(findings, findings.length, (finding) => findingItem(finding, host), {
      first: 10,
      step: 50,
      className: 'findings',
    }),
  );
}

function findingItem({ index, severity, message, subject, evidence, command, place }: Finding, host: TabsHost): HTMLElement {
  const isPath = subject.kind === 'path' && subject.id.startsWith('/');
  return h(
    'article',
    { class: 'finding' },
    h('p', { class: 'finding-message' }, h('span', { class: `severity ${severity}` }, icon(SEVERITY_ICONS[severity])), message),
    h(
      'div',
      { class: 'finding-actions' },
      isPath && linkButton('Show path', () => host.showPath(subject.id), subject.id),
      place !== undefined && linkButton(`Open ${place}`, () => host.send({ type: 'open', finding: index })),
    ),
    evidence !== undefined &&
      Object.keys(evidence).length > 0 &&
      h('details', { class: 'evidence' }, h('summary', {}, 'Evidence'), evidenceList(evidence, host)),
    command !== undefined &&
      commandBox('Shows the difference', command, () => host.send({ type: 'copyCommand', finding: index })),
  );
}

/** A command to be copied; nothing here runs one. */
function commandBox(title: string, command: string, copy: () => void): HTMLElement {
  return h(
    'div',
    { class: 'command' },
    h('span', { class: 'dim' }, title),
    h('code', {}, command),
    iconButton('copy', `Copy command: ${title}`, copy),
  );
}

/** `verifiedBy` as `Verified by`. */
function words(name: string): string {
  const spaced = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function evidenceList(evidence: Readonly<Record<string, unknown>>, host: TabsHost): HTMLElement {
  return h(
    'dl',
    { class: 'facts' },
    Object.entries(evidence).flatMap(([name, value]) => [h('dt', {}, words(name)), h('dd', {}, evidenceValue(value, host))]),
  );
}

function evidenceValue(value: unknown, host: TabsHost): Child {
  if (typeof value === 'string')
    return /^\/.*\/[0-9a-z]{32}-[^/]+$/.test(value)
      ? linkButton(nameOf(value), () => host.showPath(value), value)
      : h('code', {}, value);
  if (typeof value === 'number') return count(value);
  if (Array.isArray(value))
    return value.length === 0
      ? h('span', { class: 'dim' }, 'none')
      : growingList(value as readonly unknown[], value.length, (entry) => h('div', {}, evidenceValue(entry, host)), {
          first: 10,
        });
  if (typeof value === 'object' && value !== null) return evidenceList(value as Readonly<Record<string, unknown>>, host);
  return String(value);
}

/** What each cache has, and how to give it what it lacks. */
export function cachesTab({ coverage, caches, totals }: Overview, host: TabsHost): HTMLElement {
  const others = caches.filter(({ url, state }) => state !== 'reachable' && !coverage.some((cache) => cache.url === url));
  return h(
    'div',
    { class: 'sections' },
    coverage.length === 0 && others.length === 0 && h('p', { class: 'empty' }, 'No cache was asked.'),
    coverage.map((cache, index) => cacheCard(cache, index, totals, host)),
    others.length > 0 &&
      h(
        'section',
        { class: 'card' },
        h('header', { class: 'card-head' }, h('h2', {}, 'Not asked, or did not answer')),
        h(
          'ul',
          { class: 'plain-list' },
          others.map(({ url, state, reason }) =>
            h(
              'li',
              {},
              h('strong', {}, cacheLabel(url)),
              ` ${state === 'not-asked' ? 'not asked' : 'did not answer'}`,
              reason !== undefined && `: ${reason}`,
            ),
          ),
        ),
      ),
  );
}

function cacheCard(
  { url, answered, paths, bytes: size, onlyHere, missing, fill }: CacheState,
  index: number,
  totals: Overview['totals'],
  host: TabsHost,
): HTMLElement {
  const bar = (label: string, part: number, all: number, text: string): HTMLElement =>
    h(
      'div',
      { class: 'coverage' },
      h('span', {}, label),
      property(
        h(
          'span',
          { class: 'bar-track', role: 'img', 'aria-label': `${label}: ${text}, ${percent(part, all)}` },
          h('span', { class: 'bar-fill' }),
        ),
        '--share',
        all === 0 ? 0 : part / all,
      ),
      h('span', { class: 'coverage-text' }, text),
      h('span', { class: 'bar-share' }, percent(part, all)),
    );
  return h(
    'section',
    { class: 'card cache-card' },
    h('header', { class: 'card-head' }, icon('server'), h('h2', { title: url }, cacheLabel(url))),
    bar('Paths', paths, totals.paths, `${count(paths)} of ${count(totals.paths)}`),
    bar('Bytes', size, totals.narBytes, `${bytes(size)} of ${bytes(totals.narBytes)}`),
    h(
      'p',
      { class: 'dim' },
      [
        answered < totals.paths &&
          `Asked about ${count(answered)} of ${plural(totals.paths, 'path')}; the others were found elsewhere first.`,
        missing.count > 0
          ? `${plural(missing.count, 'path')} it does not have.`
          : answered > 0 && 'It has everything that it was asked for.',
        onlyHere !== undefined && `${plural(onlyHere, 'path is', 'paths are')} nowhere else.`,
      ]
        .filter((text) => text !== false)
        .join(' '),
    ),
    fill.map(({ from, paths: number, command, cut }, position) =>
      commandBox(
        `Copies ${plural(number, 'missing, verified path')} from ${cacheLabel(from)}`,
        cut ? `${command} …` : command,
        () => host.send({ type: 'copyFill', cache: index, fill: position }),
      ),
    ),
    missing.count > 0 &&
      h(
        'details',
        {},
        h('summary', {}, `Missing: ${plural(missing.count, 'path')}, most needed first`),
        growingList(
          missing.first,
          missing.count,
          ({ storePath, neededBy }) =>
            h(
              'div',
              { class: 'missing' },
              linkButton(nameOf(storePath), () => host.showPath(storePath), storePath),
              h('span', { class: 'dim' }, ` needed by ${count(neededBy)}`),
            ),
          { first: 10 },
        ),
      ),
  );
}

const REASONS = {
  'not-in-caches': 'no cache has it with a signature that you trust',
  'broken-closure': 'something that it refers to is in no cache',
  forbidden: 'its derivation forbids substitutes',
  'unknown-path': 'its path is known only once it is built',
} as const;

/** What Nix would do to have the outputs. */
export function planTab(plan: NonNullable<Overview['plan']>, host: TabsHost): HTMLElement {
  const { nix, local, substitute, build, missing, unplanned } = plan;
  const parts: readonly (readonly [string, string, number, string])[] = [
    ['local', 'Already here', local, 'in the local store'],
    ['substitute', 'To fetch', substitute, 'from caches, each with a signature that passes'],
    ['build', 'To build', build.count, 'on this machine'],
  ];
  const all = local + substitute + build.count;
  return h(
    'div',
    { class: 'sections' },
    h(
      'section',
      { class: 'card' },
      h('header', { class: 'card-head' }, h('h2', {}, 'What Nix would do'), h('span', { class: 'dim' }, `Nix ${nix}`)),
      h(
        'div',
        { class: 'stack tall', 'aria-hidden': 'true' },
        parts.map(([className, , number]) =>
          property(h('span', { class: `plan-${className}` }), '--share', all === 0 ? 0 : number / all),
        ),
      ),
      h(
        'dl',
        { class: 'plan' },
        parts.map(([className, label, number, explanation]) =>
          h(
            'div',
            { class: `plan-part plan-${className}` },
            h('dt', {}, label),
            h('dd', {}, h('strong', {}, count(number)), ' ', explanation),
          ),
        ),
      ),
      h(
        'p',
        { class: 'dim' },
        'Unlike the dry run of Nix, a path counts as fetched only if its signature was verified, with everything that it refers to.',
      ),
    ),
    build.count > 0 &&
      card(
        `To build: ${plural(build.count, 'derivation')}`,
        growingList(build.first, build.count, ({ drvPath, outputs, reason, missing: lacking }) =>
          h(
            'div',
            { class: 'build' },
            h('strong', { title: drvPath }, nameOf(drvPath).replace(/\.drv$/, '')),
            outputs.length > 1 && h('span', { class: 'dim' }, ` (${outputs.join(', ')})`),
            h('span', { class: 'dim' }, `: ${REASONS[reason]}`),
            lacking !== undefined && [' ', linkButton(nameOf(lacking), () => host.showPath(lacking), lacking)],
          ),
        ),
      ),
    missing.count > 0 &&
      card(
        `Nowhere to be found: ${plural(missing.count, 'source')}`,
        growingList(missing.first, missing.count, (storePath) => h('code', {}, storePath)),
      ),
    unplanned.count > 0 &&
      card(
        `Not planned: Nix did not say enough about ${plural(unplanned.count, 'derivation')}`,
        growingList(unplanned.first, unplanned.count, (drvPath) => h('code', {}, drvPath)),
      ),
  );
}

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

/** The inputs of the flake, and what of the closure they made. */
export function inputsTab(inputs: readonly Input[], countOf: (path: string) => number, host: TabsHost): HTMLElement {
  if (inputs.length === 0) return h('p', { class: 'empty' }, 'The flake has no inputs.');
  return h(
    'div',
    { class: 'table-wrap' },
    h(
      'table',
      { class: 'plain-table' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ['Input', 'Source', 'Revision', 'Source path', 'Paths made'].map((title) => h('th', { scope: 'col' }, title)),
        ),
      ),
      h(
        'tbody',
        {},
        inputs.map(({ path, reference, rev, signer, private: isPrivate }) => {
          const name = path.join('/');
          const made = countOf(name);
          return h(
            'tr',
            {},
            h('th', { scope: 'row' }, name, isPrivate && h('span', { class: 'tag' }, 'private')),
            h('td', {}, reference),
            h('td', {}, rev !== undefined && h('code', { title: rev }, rev.slice(0, 7))),
            h('td', {}, verdictMark(signer.verdict)),
            h(
              'td',
              { class: 'numeric' },
              made === 0
                ? '–'
                : h(
                    'button',
                    {
                      type: 'button',
                      class: 'link',
                      'aria-label': `Show the ${plural(made, 'path')} that ${name} made`,
                      onclick: () => host.showInput(name),
                    },
                    count(made),
                  ),
            ),
          );
        }),
      ),
    ),
  );
}

function card(title: string, ...content: readonly Child[]): HTMLElement {
  return h('section', { class: 'card' }, h('header', { class: 'card-head' }, h('h2', {}, title)), content);
}

/** One of the states in which there is no report. */
export function emptyState(
  name: 'error' | 'info' | 'server',
  title: string,
  text: string,
  action?: { readonly label: string; readonly run: () => void },
): HTMLElement {
  return h(
    'div',
    { class: 'state' },
    icon(name, 'large'),
    h('h1', {}, title),
    h('p', {}, text),
    action !== undefined && h('div', {}, button(action.label, action.run, { primary: true })),
  );
}
