import type { AnswerStore } from '../engine/ports';

/** Remembers nothing: for `--no-cache`. */
export const noAnswerStore: AnswerStore = {
  forgetful: true,
  getNarinfo: () => Promise.resolve(undefined),
  putNarinfo: () => undefined,
  getInfo: () => Promise.resolve(undefined),
  putInfo: () => undefined,
  clear: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
