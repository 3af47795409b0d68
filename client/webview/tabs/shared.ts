/** What several tabs are made of. */
import { h, iconButton, type Child } from '../dom';
import type { FromView } from '../messages';

/** What a tab asks of the page. */
export interface TabsHost {
  readonly send: (message: FromView) => void;
  readonly showPath: (storePath: string) => void;
  /** Shows the paths that an input made. */
  readonly showInput: (path: string) => void;
}

/** A titled box. */
export function card(title: string, ...content: readonly Child[]): HTMLElement {
  return h('section', { class: 'card' }, h('header', { class: 'card-head' }, h('h2', {}, title)), content);
}

/** A command to be copied; nothing here runs one. */
export function commandBox(title: string, command: string, copy: () => void): HTMLElement {
  return h(
    'div',
    { class: 'command' },
    h('span', { class: 'dim' }, title),
    h('code', {}, command),
    iconButton('copy', `Copy command: ${title}`, copy),
  );
}
