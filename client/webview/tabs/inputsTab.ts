import { h, verdictMark } from '../dom';
import type { Input } from '../messages';
import { count, plural } from '../words';
import type { TabsHost } from './shared';

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
