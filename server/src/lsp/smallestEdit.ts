/** An edit that touches no more than it has to: what somebody types elsewhere at the same time stays where it is. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextEdit } from 'vscode-languageserver-types';
import { rangeOf } from '../features/view';

/** Makes a document's text another one by changing the one stretch in which they differ; neither a character nor a line end is split. */
export function smallestEdit(document: TextDocument, after: string): TextEdit {
  const before = document.getText();
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  while (isInside(before, start) || isInside(after, start)) start--;
  let end = 0;
  while (end < shorter - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end++;
  while (isInside(before, before.length - end) || isInside(after, after.length - end)) end--;
  return {
    range: rangeOf(document, { start, end: before.length - end }),
    newText: after.slice(start, after.length - end),
  };
}

/** Whether a place is in the middle of a character or of a line end, where editors have no position. */
function isInside(text: string, offset: number): boolean {
  return /^(?:\r\n|[\uD800-\uDBFF][\uDC00-\uDFFF])$/.test(text.slice(Math.max(0, offset - 1), offset + 1));
}
