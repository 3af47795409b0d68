/** Where the elements of a list stand in a text: found without a tree of the whole, which for tens of thousands of records takes long to make. */
import type { Span } from '../../util/span';
import type { Steps } from '../../util/steps';
import { commentEnd, lineEnd } from './trivia';

export interface ListPlace {
  /** With its brackets. */
  readonly list: Span;
  readonly elements: readonly Span[];
}

const CODE = { space: 32, quote: 34, slash: 47, backslash: 92, byteOrderMark: 0xfeff };

/** So many characters are looked at in one step. */
const STEP = 256 * 1024;

/** Finds the list with this name in the outermost object of a text that is known to be valid. */
export function* listElements(text: string, name: string): Steps<ListPlace | undefined> {
  const search = new ListSearch(text, name);
  while (!search.advance(STEP)) yield;
  return search.found;
}

class ListSearch {
  found: ListPlace | undefined;
  readonly #text: string;
  readonly #name: string;
  readonly #elements: Span[] = [];
  #at = 0;
  #depth = 0;
  /** The last word in the outermost object: before a bracket, the name of what it begins. */
  #word = '';
  #list: number | undefined;
  #element: number | undefined;
  #end = 0;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  /** Looks at some characters more; true when there is no need to look any further. */
  advance(characters: number): boolean {
    const text = this.#text;
    const limit = Math.min(text.length, this.#at + characters);
    while (this.#at < limit && this.found === undefined) {
      const start = this.#at;
      const code = text.charCodeAt(start);
      if (code <= CODE.space || code === CODE.byteOrderMark) this.#at++;
      else if (code === CODE.slash) this.#at = text[start + 1] === '*' ? commentEnd(text, start) : lineEnd(text, start);
      else {
        this.#at = code === CODE.quote ? endOfString(text, start) : start + 1;
        this.#take(text[start] ?? '', start);
      }
    }
    return this.found !== undefined || this.#at >= text.length;
  }

  #take(character: string, start: number): void {
    const inList = this.#list !== undefined;
    const closes = character === '}' || character === ']';
    if (closes) this.#depth--;
    if (inList && (this.#depth === 1 || (this.#depth === 2 && character === ','))) {
      if (this.#element !== undefined) this.#elements.push({ start: this.#element, end: this.#end });
      this.#element = undefined;
      if (this.#depth === 1) this.found = { list: { start: this.#list ?? 0, end: this.#at }, elements: this.#elements };
    } else if (inList) {
      this.#element ??= start;
      this.#end = this.#at;
    } else if (this.#depth === 1 && character === '"') {
      this.#word = this.#text.slice(start + 1, this.#at - 1);
    }
    if (character !== '{' && character !== '[') return;
    if (this.#depth === 1 && character === '[' && this.#word === this.#name) this.#list = start;
    this.#depth++;
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === CODE.quote) return at + 1;
    if (code === CODE.backslash) at++;
  }
  return text.length;
}
