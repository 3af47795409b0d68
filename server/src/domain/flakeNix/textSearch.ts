import { BACKSLASH, DOLLAR, OPEN_BRACE, QUOTE } from './characters';

interface Answer {
  from: number;
  found: number;
}

/**
 * Looks ahead in a text, remembering the last answer of each kind. As long as the questions move forward, all of them
 * together cost one pass over the text, even where a hostile text makes each of them look far.
 */
export class TextSearch {
  readonly #text: string;
  readonly #answers = new Map<string, Answer>();
  readonly #stop: Answer = { from: 0, found: -1 };

  constructor(text: string) {
    this.#text = text;
  }

  /** Where `needle` is next found at or behind `from`; the text's length when nowhere. */
  next(needle: string, from: number): number {
    let answer = this.#answers.get(needle);
    if (answer === undefined) {
      answer = { from: 0, found: -1 };
      this.#answers.set(needle, answer);
    }
    if (from < answer.from || from > answer.found) {
      const found = this.#text.indexOf(needle, from);
      answer.from = from;
      answer.found = found === -1 ? this.#text.length : found;
    }
    return answer.found;
  }

  /** Where the line of `from` ends: at its line feed, or at the end of the text. */
  lineEnd(from: number): number {
    return this.next('\n', from);
  }

  /** Where, as the text of a string that goes on at `from`, its closing quote or next `${` stands; the text's length when nowhere. */
  quoteOrInterpolation(from: number): number {
    const stop = this.#stop;
    if (from < stop.from || from > stop.found) {
      stop.from = from;
      stop.found = this.#scan(from);
    }
    return stop.found;
  }

  #scan(from: number): number {
    const text = this.#text;
    let position = from;
    while (position < text.length) {
      const code = text.charCodeAt(position);
      if (code === QUOTE) return position;
      if (code === BACKSLASH) position++;
      else if (code === DOLLAR) {
        const next = text.charCodeAt(position + 1);
        if (next === OPEN_BRACE) return position;
        if (next !== QUOTE && next !== BACKSLASH) position++; // `$${` is no interpolation
      }
      position++;
    }
    return text.length;
  }
}
