/** A menu button as the ARIA practices describe it; the library's menu has no roles, and does not give the focus back. */
import { h } from './dom';
import { icon } from './icons';

export interface MenuItem {
  readonly label: string;
  readonly detail: string;
  readonly run: () => void;
}

let menus = 0;

export function menuButton(label: string, items: readonly MenuItem[]): HTMLElement {
  const id = `menu${++menus}`;
  const entries = items.map(({ label: text, detail, run }) =>
    h(
      'button',
      {
        type: 'button',
        role: 'menuitem',
        tabindex: -1,
        onclick: () => {
          close(true);
          run();
        },
      },
      h('span', {}, text),
      h('span', { class: 'dim' }, detail),
    ),
  );
  const menu = h('div', { id, role: 'menu', class: 'menu', 'aria-label': label }, entries);
  menu.hidden = true;
  const opener = h(
    'button',
    {
      type: 'button',
      class: 'menu-button',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'aria-controls': id,
      onclick: () => (menu.hidden ? open(0) : close(true)),
    },
    icon('export'),
    label,
    icon('chevron', 'down'),
  );
  const container = h('div', { class: 'menu-container' }, opener, menu);

  const open = (at: number): void => {
    menu.hidden = false;
    opener.setAttribute('aria-expanded', 'true');
    entries.at(at)?.focus();
  };
  const close = (refocus: boolean): void => {
    if (menu.hidden) return;
    menu.hidden = true;
    opener.setAttribute('aria-expanded', 'false');
    if (refocus) opener.focus();
  };
  opener.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    open(event.key === 'ArrowDown' ? 0 : -1);
  });
  menu.addEventListener('keydown', (event) => {
    const at = entries.findIndex((entry) => entry === document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) entries.at(next % entries.length)?.focus();
    else if (event.key === 'Escape') close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  container.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node) || !container.contains(relatedTarget)) close(false);
  });
  return container;
}
