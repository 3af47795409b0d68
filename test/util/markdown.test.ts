import assert from 'node:assert/strict';
import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { marked } from 'marked';
import { codeCell, codeSpan, escapeMarkdown, link } from '../../server/src/util/markdown';
import { plainText } from '../../server/src/util/plainText';

const markdownIt = new MarkdownIt({ html: true, linkify: true });

/** What VS Code's hover and its Markdown preview make of a text. */
const renderers: readonly (readonly [string, (markdown: string) => string])[] = [
  ['marked', (markdown) => marked.parse(markdown, { async: false, gfm: true, breaks: true })],
  ['markdown-it', (markdown) => markdownIt.render(markdown)],
];

function textOf(html: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#x?([0-9a-f]+)|(\w+));/gi, (whole, code: string | undefined, name: string | undefined) =>
      code === undefined
        ? (entities[name ?? ''] ?? whole)
        : String.fromCharCode(Number(whole.startsWith('&#x') ? `0x${code}` : code)),
    )
    .replace(/\s+/g, ' ')
    .trim();
}

/** What a reader sees of a text. */
function shown(text: string, maxLength = 80): string {
  return plainText(text, maxLength).replaceAll('$(', '$ (');
}

function tagsOf(html: string): string[] {
  return [...new Set([...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag ?? ''))].sort();
}

const HOSTILE = [
  '![x](https://evil.example/beacon.png)',
  '[ok](command:workbench.action.terminal.sendSequence)',
  '<img src=x onerror=alert(1)>',
  '<https://evil.example>',
  '</code><script>alert(1)</script>',
  '$(verified) signed',
  '\\$(verified)',
  '`',
  '``',
  '` $(verified) `` ![a](b) ```',
  '`a',
  'a`',
  ' ` ',
  '\\`',
  'a|b|c',
  'a\\|b',
  '**bold** _it_ ~~no~~',
  '# heading',
  '- list',
  '+ list',
  '1. list',
  '1) list',
  '===',
  '---',
  '> quoted',
  '    indented',
  'a\n\n# b',
  'https://evil.example/x',
  'www.evil.example',
  'evil.com/x',
  '_www.evil.com',
  'evil.com.',
  'WWW.evil.example',
  'someone@evil.example',
  'ftp://evil.example',
  'mailto:someone@evil.example',
  '&lt;b&gt; &#x3c; &copy;',
  '[a]: https://evil.example',
  '[^1]',
  '[x][y]',
  '![x]',
  '\\',
  '\\[a](b)',
  'a\\',
];

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.constantFrom(...Array.from('`|\\[]()!<>$&*_~#:/@.\n -+=1a'))), {
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);

for (const [renderer, render] of renderers) {
  describe(`foreign text in Markdown, rendered by ${renderer}`, () => {
    for (const text of HOSTILE) {
      it(`${JSON.stringify(text)} stays text`, () => {
        const code = render(`before ${codeSpan(text)} after`);
        assert.deepEqual(tagsOf(code), ['code', 'p'], code);
        assert.equal(textOf(code), `before ${shown(text)} after`);
        const plain = render(escapeMarkdown(text));
        assert.deepEqual(tagsOf(plain), ['p'], plain);
        assert.equal(textOf(plain), shown(text));
        assert.doesNotMatch(code + plain, /\$\(/, 'VS Code would draw an icon');
      });
    }

    it('whatever comes, nothing but the text appears', () => {
      fc.assert(
        fc.property(anything, (text) => {
          if (plainText(text) === '') return;
          const code = render(`x ${codeSpan(text)} y`);
          assert.deepEqual(tagsOf(code), ['code', 'p'], code);
          const plain = render(`x ${escapeMarkdown(text)} y`);
          assert.deepEqual(tagsOf(plain), ['p'], plain);
          assert.equal(textOf(plain), `x ${shown(text, 400)} y`);
          assert.deepEqual(tagsOf(render(escapeMarkdown(text))), ['p']);
          assert.doesNotMatch(code + plain, /\$\(/);
        }),
        { numRuns: 500 },
      );
    });

    it('whatever comes, a table keeps its two cells', () => {
      fc.assert(
        fc.property(anything, (text) => {
          const html = render(`| a | b |\n| --- | --- |\n| ${codeCell(text)} | ${escapeMarkdown(text)} |\n\nend\n`);
          assert.equal([...html.matchAll(/<td/g)].length, 2, html);
          assert.equal([...html.matchAll(/<tr/g)].length, 2, html);
          assert.match(html, /<p>end<\/p>/);
          assert.doesNotMatch(html, /<(?:a|img|script)\b/);
        }),
        { numRuns: 500 },
      );
    });

    it('a link leads where it says, whatever its label', () => {
      fc.assert(
        fc.property(anything, (label) => {
          if (plainText(label) === '') return;
          const html = render(link(label, 'https://github.com/a/b/tree/(x)_[y]|z'));
          assert.deepEqual(tagsOf(html), ['a', 'p'], html);
          assert.match(html, /href="https:\/\/github\.com\/a\/b\/tree\/%28x%29_%5By%5D%7Cz"/);
        }),
      );
    });
  });
}

describe('codeSpan', () => {
  it('uses a fence longer than any run inside', () => {
    assert.equal(codeSpan('a``b`c'), '```a``b`c```');
    assert.equal(codeSpan('`a'), '`` `a ``');
  });

  it('says that a text is empty, which no code span can', () => {
    assert.equal(codeSpan(' \n '), '_empty_');
  });

  it('cuts at 80 characters', () => {
    assert.equal(codeSpan('x'.repeat(100)), `\`${'x'.repeat(79)}…\``);
  });
});

describe('link', () => {
  it('links to no other scheme', () => {
    assert.equal(link('a', 'http://x.example'), 'a');
    assert.equal(link('a', 'javascript:alert(1)'), 'a');
    assert.equal(link('a', 'command:x?%5B1%5D'), '[a](command:x?%5B1%5D)');
  });
});
