/** What text and Markdown say of a closure; and what holds for every format. */
import assert from 'node:assert/strict';
import MarkdownIt from 'markdown-it';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { auditOfReport, type FinishedAudit } from '../../server/src/report/finishedAudit';
import { REPORT_FORMATS, reportPieces, type ReportFormat, type ReportOptions } from '../../server/src/report/reportPieces';
import { drvOf, pathOf } from '../support/buildGraph';
import { hostileClosure } from '../support/hostileClosure';
import { schemaErrors } from '../support/reportSchema';
import { sampleClosure, sampleOutputs } from '../support/sampleClosure';
import { makeSigner } from '../support/signer';

const signer = makeSigner('cache.example-1');
const OPTIONS: ReportOptions = { now: Date.parse('2026-11-24T12:00:00Z'), color: false, audit: true, why: [] };

function print(format: ReportFormat, audit: FinishedAudit, options: Partial<ReportOptions> = {}): string {
  return [...reportPieces(format, audit, { ...OPTIONS, ...options })].join('');
}

/** The lines from a heading to the next of the same level or above. */
function section(markdown: string, heading: string): string {
  const [level = ''] = /^#+/.exec(heading) ?? [];
  const from = markdown.indexOf(`\n${heading}\n`);
  assert.notEqual(from, -1, heading);
  const rest = markdown.slice(from + heading.length + 2);
  const end = rest.search(new RegExp(`\\n#{1,${level.length}} `));
  return end === -1 ? rest : rest.slice(0, end);
}

describe('every report of a closure', () => {
  for (const format of REPORT_FORMATS) {
    it(`as ${format} is the same from an audit that was just made and from one read back from its JSON`, async () => {
      const { finished } = await sampleOutputs(signer);
      const parsed = JSON.parse(print('json', finished)) as AuditReport;
      assert.deepEqual(schemaErrors(parsed), []);
      const options = { why: [pathOf('libc-2.39-52')] };
      assert.equal(print(format, auditOfReport(parsed), options), print(format, finished, options));
    });
  }
});

describe('the text report of a closure', () => {
  it('has totals, signers and caches, then findings, and ends with the outcome', async () => {
    const text = print('text', (await sampleClosure(signer)).finished);
    assert.ok(text.startsWith(`${pathOf('app-1.0')}\n6 store paths, `));
    assert.match(text, /\n {7}3 {2}signed by a key that you trust, verified\n/);
    assert.match(text, /\n {7}1 {2}signed only by keys that you do not trust\n/);
    assert.match(text, /\nSigned by\n {7}3 {2}cache\.example-1\n/);
    assert.match(text, /\nNix would take from\n {7}3 {2}one\.example\n/);
    assert.match(text, /\n6 store paths: 1 warning, 1 note\n$/);
    assert.doesNotMatch(text, /flake\.lock,|no flake\.lock|inputs/);
  });

  it('tells of a flake first, and each finding once', async () => {
    const text = print('text', (await sampleOutputs(signer)).finished);
    assert.ok(text.startsWith('/home/user/project\n'));
    assert.equal(text.match(/unsigned$/gm)?.length, 1);
    assert.match(text, /\n {7}1 {2}pinned by a weak hash/);
    assert.match(text, /from mirror:gnu 1, old\.example 1\n/);
    assert.match(text, /\n5 inputs, 6 store paths: /);
  });

  it('shows the shortest chain to a path, or that there is none', async () => {
    const { finished } = await sampleClosure(signer);
    const text = print('text', finished, { why: [pathOf('libc-2.39-52'), pathOf('nothing')] });
    const lines = text.slice(text.indexOf(`\n${pathOf('app-1.0')}\n    verified`) + 1).split('\n');
    assert.equal(lines[1], '    verified by cache.example-1, from one.example');
    assert.ok([pathOf('lib-2.1'), pathOf('tool-3')].some((path) => lines[2] === `  → ${path}`));
    assert.equal(lines[4], `    → ${pathOf('libc-2.39-52')}`);
    assert.match(lines[5] ?? '', /^ {8}\S/);
    const markdown = print('markdown', finished, { why: [pathOf('libc-2.39-52')] });
    assert.ok(markdown.includes(`\n1. \`${pathOf('app-1.0')}\`, verified by cache\\.example-1, from one\\.example\n`));
    assert.ok(text.includes(`${pathOf('nothing')} is not in this closure`));
  });

  it('lets no foreign text act on a terminal', async () => {
    const text = print('text', auditOfReport(await hostileClosure()));
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Cf}|\p{Co}/u);
  });
});

describe('the Markdown report of a closure', () => {
  it('has totals, verdicts, signers and caches with their shares', async () => {
    const markdown = print('markdown', (await sampleClosure(signer)).finished);
    assert.match(markdown, /^- Closure: 6 store paths, 3 of them signed/m);
    assert.match(section(markdown, '## Closure'), /\| signed by a key that you trust, verified \| 3 \| 50\.0 % \|/);
    assert.match(section(markdown, '### Signers'), /\| `cache\.example-1` \| 3 \| 50\.0 % \|/);
    assert.match(section(markdown, '### Caches'), /\| `one\.example` \| 3 \|/);
    assert.doesNotMatch(markdown, /flake\.lock:|## Inputs|0 inputs/);
  });

  it('names the paths to look at, worst first', async () => {
    const markdown = print('markdown', (await sampleClosure(signer)).finished);
    const names = [...section(markdown, '### Paths to look at').matchAll(/^\| `\/nix\/store\/[^-]+-([^`]+)` \| ([^|]+) \|/gm)];
    assert.deepEqual(
      names.map(([, name, verdict]) => [name, verdict]),
      [
        ['data', 'unsigned'],
        ['tool-3', 'untrusted key'],
        ['gone-0.1', 'absent'],
      ],
    );
  });

  it('has the plan and the downloads of outputs', async () => {
    const markdown = print('markdown', (await sampleOutputs(signer)).finished);
    assert.ok(
      section(markdown, '## What Nix would do').includes(`| \`${drvOf('gone-0.1')}\` | no cache has it with a signature`),
    );
    const downloads = section(markdown, '## Downloads');
    assert.match(downloads, /^- 1 pinned by a weak hash/m);
    assert.match(downloads, /^- 1 from a list of mirrors/m);
    assert.match(downloads, /^\| `old\.example` \| 1 \|/m);
    assert.match(
      downloads,
      /^\| `old-1\.tar\.gz` \| weak hash md5, not encrypted \| `http:\/\/old\.example\/old-1\.tar\.gz` \|$/m,
    );
    assert.match(markdown, /\n## Inputs\n/);
  });

  it('is bounded: of thousands of paths, findings, builds and downloads it names some and counts all', async () => {
    const report = JSON.parse(print('json', (await sampleOutputs(signer)).finished)) as AuditReport;
    const { closure, findings } = report;
    assert.ok(closure?.plan !== undefined && closure.sources !== undefined && findings[0] !== undefined);
    const times = <T>(value: T | undefined): T[] => Array.from({ length: 5000 }, () => value as T);
    const many: AuditReport = {
      ...report,
      findings: times(findings[0]),
      closure: {
        ...closure,
        paths: times(closure.paths.find(({ verdict }) => verdict === 'unsigned')),
        plan: { ...closure.plan, build: times(closure.plan.build[0]), missing: times(closure.plan.missing[0]) },
        sources: { ...closure.sources, list: times(closure.sources.list[1]) },
      },
    };
    for (const format of ['markdown', 'text'] as const) {
      const text = print(format, auditOfReport(many));
      assert.ok(text.split('\n').length < 1500, `${format}: ${text.split('\n').length} lines`);
      assert.match(text, /\d+ more, in the JSON report/);
    }
  });

  it('gives foreign text no link, image, HTML, icon, heading or fence of its own', async () => {
    const markdown = print('markdown', auditOfReport(await hostileClosure()));
    assert.doesNotMatch(markdown, /[^\P{Cc}\n]|\p{Cf}|\p{Co}/u);
    assert.doesNotMatch(markdown, /\$\(/);
    const html = new MarkdownIt({ html: true, linkify: true }).render(markdown);
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href ?? '');
    assert.ok(links.length > 0 && links.every((href) => href.startsWith('https://github.com/flake-trust/flake-trust/')));
    assert.doesNotMatch(html, /<img|<script/);
    assert.equal(html.match(/<h1/g)?.length, 1);
    assert.doesNotMatch(html, /<pre>/);
    for (const row of html.match(/<tr>.*?<\/tr>/gs) ?? []) assert.ok((row.match(/<t[hd]\b/g)?.length ?? 0) <= 6);
  });
});
