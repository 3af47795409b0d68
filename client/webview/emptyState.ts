import { button, h } from './dom';
import { icon } from './icons';

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
