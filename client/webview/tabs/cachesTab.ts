import { nameOf } from '../details';
import { growingList, h, linkButton, property } from '../dom';
import { icon } from '../icons';
import type { CacheState, Overview } from '../messages';
import { bytes, cacheLabel, count, percent, plural } from '../words';
import { commandBox, type TabsHost } from './shared';

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
