import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { smallestEdit } from '../../server/src/lsp/smallestEdit';

const edit = (before: string, after: string) => smallestEdit(TextDocument.create('file:///a', 'jsonc', 1, before), after);

describe('the smallest edit', () => {
  it('leaves what is equal before and behind it', () => {
    assert.deepEqual(edit('one\ntwo\nthree\n', 'one\ntwo\nand\nthree\n'), {
      range: { start: { line: 2, character: 0 }, end: { line: 2, character: 0 } },
      newText: 'and\n',
    });
  });

  it('makes the other text, and splits neither a character nor a line end', () => {
    // Characters with one half in common, and line ends of both kinds.
    const text = fc
      .array(fc.constantFrom('\u{1F600}', '\u{1FA00}', '\u{1F601}', '\r\n', '\n', 'a'), { maxLength: 8 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const document = TextDocument.create('file:///a', 'jsonc', 1, before);
        const { range, newText } = smallestEdit(document, after);
        assert.equal(TextDocument.applyEdits(document, [{ range, newText }]), after);
        assert.doesNotMatch(newText, /\p{Cs}/u);
        for (const position of [range.start, range.end]) {
          const offset = document.offsetAt(position);
          assert.doesNotMatch(before.slice(Math.max(0, offset - 1), offset + 1), /\r\n|[\uD800-\uDBFF][\uDC00-\uDFFF]/);
        }
      }),
    );
  });
});
