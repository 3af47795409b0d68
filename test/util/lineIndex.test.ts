import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { LineIndex } from '../../server/src/util/lineIndex';

const text = fc.array(fc.constantFrom('a', '\n', '\r', '\r\n', '😀', 'ü', ' ')).map((parts) => parts.join(''));

describe('LineIndex', () => {
  it('agrees with the text document of the language server library on every offset', () => {
    fc.assert(
      fc.property(text, (content) => {
        const index = new LineIndex(content);
        const document = TextDocument.create('file:///x', 'nix', 1, content);
        assert.equal(index.lineCount, document.lineCount);
        for (let offset = -1; offset <= content.length + 1; offset++) {
          assert.deepEqual(index.positionAt(offset), document.positionAt(offset), `offset ${offset}`);
        }
      }),
    );
  });

  it('comes back to the same offset, from inside a line end to its beginning', () => {
    fc.assert(
      fc.property(text, (content) => {
        const index = new LineIndex(content);
        for (let offset = 0; offset <= content.length; offset++) {
          const inside = content[offset - 1] === '\r' && content[offset] === '\n';
          assert.equal(index.offsetAt(index.positionAt(offset)), inside ? offset - 1 : offset);
        }
      }),
    );
  });

  it('moves what does not exist to the nearest place', () => {
    const index = new LineIndex('ab\r\ncd');
    assert.equal(index.offsetAt({ line: -1, character: 5 }), 0);
    assert.equal(index.offsetAt({ line: 0, character: 99 }), 2);
    assert.equal(index.offsetAt({ line: 9, character: 0 }), 6);
    assert.equal(index.offsetAt({ line: 1, character: -3 }), 4);
  });

  it('counts columns in UTF-16 units', () => {
    assert.deepEqual(new LineIndex('x\n😀y').rangeOf({ start: 2, end: 5 }), {
      line: 1,
      character: 0,
      endLine: 1,
      endCharacter: 3,
    });
  });
});
