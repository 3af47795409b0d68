/** Elements without markup: every text that comes from outside becomes a text node, so that none can be a tag, a style or a script. */
import { icon, VERDICT_ICONS, type IconName } from './icons';
import { isVerdict, verdictLabel, verdictSentence } from './words';

export type Child = Node | string | false | undefined | readonly Child[];

interface Attributes {
  readonly class?: string;
  readonly onclick?: (event: MouseEvent) => void;
  readonly [name: string]: string | number | boolean | undefined | ((event: MouseEvent) => void);
}

/** Makes an element. `true` sets an attribute without value, `false` and `undefined` leave it out. Names are always ours. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K];
export function h(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement;
export function h(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === false || child === undefined) continue;
    if (typeof child === 'string' || child instanceof Node) element.append(child);
    else append(element, child);
  }
}

/** Sets a custom property; the page's policy forbids `style` attributes, not this. */
export function property<T extends HTMLElement>(element: T, name: string, value: string | number): T {
  element.style.setProperty(name, String(value));
  return element;
}

/** A button of VS Code's look, from @vscode-elements. */
export function button(
  label: string,
  onclick: () => void,
  options: { readonly icon?: IconName; readonly primary?: boolean } = {},
): HTMLElement {
  const drawing = options.icon === undefined ? undefined : icon(options.icon);
  drawing?.setAttribute('slot', 'content-before');
  return h('vscode-button', { onclick, secondary: options.primary !== true }, drawing, label);
}

/** A small button that shows only an icon; its name is read out and shown as a tooltip. */
export function iconButton(name: IconName, label: string, onclick: () => void): HTMLButtonElement {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, icon(name));
}

/** A text field of VS Code's look, from @vscode-elements. Its label is for screen readers. */
export function searchField(label: string, placeholder: string): HTMLElementTagNameMap['vscode-textfield'] {
  const field = h('vscode-textfield', { class: 'search', type: 'search', placeholder });
  field.label = label; // no attribute of that name is looked at
  const glass = icon('search');
  glass.setAttribute('slot', 'content-before');
  field.append(glass);
  return field;
}

/** A button that looks like a link. */
export function linkButton(text: string, onclick: () => void, title?: string): HTMLButtonElement {
  return h('button', { type: 'button', class: 'link', onclick, title }, text);
}

/** A verdict as icon and words, in its colour. */
export function verdictMark(name: string): HTMLElement {
  return h(
    'span',
    { class: `verdict ${isVerdict(name) ? name : 'unknown'}`, title: verdictSentence(name) },
    icon(VERDICT_ICONS[name] ?? 'question'),
    h('span', {}, verdictLabel(name)),
  );
}

/** A list that begins with the first entries and grows on demand. `count` may be more than there are. */
export function growingList<T>(
  entries: readonly T[],
  count: number,
  render: (entry: T) => HTMLElement,
  { first = 20, step = 200, className = 'plain-list' } = {},
): HTMLElement {
  const list = h('ul', { class: className });
  const container = h('div', {}, list);
  let shown = 0;
  const grow = (more: number): void => {
    const until = Math.min(entries.length, shown + more);
    for (const entry of entries.slice(shown, until)) list.append(h('li', {}, render(entry)));
    shown = until;
  };
  grow(first);
  const rest = (): string => `Show ${Math.min(step, entries.length - shown).toLocaleString('en')} more`;
  if (shown < entries.length) {
    const control = linkButton(rest(), () => {
      const at = list.children.length;
      grow(step);
      if (shown < entries.length) control.textContent = rest();
      else control.remove();
      const next = list.children[at]?.querySelector('button, a');
      if (next instanceof HTMLElement) next.focus();
    });
    container.append(control);
  }
  if (count > entries.length)
    container.append(
      h('p', { class: 'dim' }, `${(count - entries.length).toLocaleString('en')} more are in the exported report.`),
    );
  return container;
}
