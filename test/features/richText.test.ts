import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { renderText } from '../../server/src/features/richText';
import { PLAIN_EDITOR, TERMINAL, VSCODE } from '../support/flakeView';

describe('renderText', () => {
  const command = { command: 'showInput', label: 'Details', argument: 'ref-1' } as const;

  it('breaks lines within a paragraph, and leaves out what shows nothing', () => {
    const paragraphs = [
      [{ facts: [['a']] }, { label: 'B', facts: [['b'], [], ['c']] }],
      [{ facts: [[]] }],
      [{ facts: [[command]] }],
    ];
    assert.equal(renderText(paragraphs, VSCODE), 'a  \n**B** b · c\n\n[Details](command:flakeTrust.showInput?%5B%22ref-1%22%5D)');
    assert.equal(renderText(paragraphs, PLAIN_EDITOR), 'a  \n**B** b · c');
    assert.equal(renderText(paragraphs, TERMINAL), 'a\nB: b · c');
  });

  it('escapes every piece', () => {
    const foreign = '[x](command:y) $(verified) <b> ![i](https://t.example)';
    const text = renderText(
      [[{ facts: [[foreign], [{ strong: foreign }], [{ emphasis: foreign }], [{ code: foreign }]] }]],
      VSCODE,
    );
    assert.doesNotMatch(text.replace(/`[^`]*`/g, ''), /(?<!\\)[[\]<>!]|\$\(/);
    assert.doesNotMatch(text, /\$\(/);
  });

  it('makes links to https alone', () => {
    assert.equal(renderText([[{ facts: [[{ href: 'http://a.example', label: 'x' }]] }]], VSCODE), 'x');
    assert.equal(renderText([[{ facts: [[{ href: 'https://a.example/b', label: 'x' }]] }]], TERMINAL), 'x https://a.example/b');
  });

  it('keeps the space around pieces', () => {
    assert.equal(renderText([[{ facts: [['follows ', { code: 'a/b' }, ', which']] }]], VSCODE), 'follows `a/b`, which');
  });

  it('is the only place of the features that writes Markdown, but for the details', () => {
    for (const name of readdirSync('server/src/features').filter((file) => file !== 'richText.ts' && file !== 'details.ts'))
      assert.doesNotMatch(readFileSync(`server/src/features/${name}`, 'utf8'), /util\/markdown|\]\(/, name);
  });
});
