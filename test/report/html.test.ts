import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { FROM_NO_ROOT, FROM_ROOT } from '../../server/src/domain/reachedThrough';
import { wholeReport } from '../../server/src/engine/closure/auditReport';
import { auditOfReport, type FinishedAudit } from '../../server/src/report/finishedAudit';
import { htmlReport, type HtmlOptions } from '../../server/src/report/html';
import { drvOf, pathOf } from '../support/buildGraph';
import { hostileClosure } from '../support/hostileClosure';
import { hostileReport } from '../support/hostileReport';
import { largeClosure } from '../support/largeClosure';
import { sampleClosure, sampleOutputs } from '../support/sampleClosure';
import { sampleReport } from '../support/sampleReport';
import { makeSigner } from '../support/signer';

const signer = makeSigner('cache.example-1');
const print = (audit: FinishedAudit, options: HtmlOptions = { why: [] }): string => [...htmlReport(audit, options)].join('');

/** The text of one section, without markup. */
function section(html: string, id: string): string {
  const [, body] = new RegExp(`<section id="${id}"[^>]*>(.*?)</section>`, 's').exec(html) ?? [];
  assert.ok(body !== undefined, id);
  return body
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

/** What must hold for every file, whatever is in it. */
function assertHarmless(html: string): void {
  const [, policy = ''] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html) ?? [];
  const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, text = '']) => text);
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text = '']) => text);
  assert.equal(
    policy,
    `default-src 'none'; style-src 'sha256-${sha256(styles.join())}'; script-src 'sha256-${sha256(scripts.join())}'; base-uri 'none'; form-action 'none'`,
  );
  assert.deepEqual([styles.length, scripts.length], [1, 1]);
  assert.ok(html.indexOf(policy) < html.indexOf('<style>'), 'the policy comes first');
  // What is left are our own elements: none that loads anything, no attribute that runs or styles anything.
  const markup = html.replace(/<(style|script)[ >].*?<\/\1>/gs, '');
  const tags = [...markup.matchAll(/<([a-z0-9]+)((?:[^<>"]|"[^"]*")*)>/g)];
  for (const [, name = '', attributes = ''] of tags) {
    assert.doesNotMatch(name, /^(?:img|iframe|object|embed|link|base|form|video|audio|source|image|use|foreignobject)$/, name);
    const names = [...attributes.matchAll(/([a-zA-Z-]+)(?:="[^"]*")?/g)].map(([, attribute = '']) => attribute);
    for (const attribute of names) assert.doesNotMatch(attribute, /^(?:on.*|style|src|srcdoc|srcset|action|formaction|ping)$/i);
    for (const [, address = ''] of attributes.matchAll(/href="([^"]*)"/g)) {
      assert.match(address, /^(?:#[a-z-]+$|https:\/\/github\.com\/flake-trust\/)/);
    }
  }
  assert.doesNotMatch(styles.join(), /url\(|@import/);
  assert.doesNotMatch(markup, /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\u200b]/u);
}

/** Elements are closed in the order in which they were opened. */
function assertBalanced(html: string): void {
  const open: string[] = [];
  const markup = html.replace(/<(style|script)[ >].*?<\/\1>/gs, '');
  for (const [, closing, name = ''] of markup.matchAll(/<(\/?)([a-z0-9]+)(?:[^<>"]|"[^"]*")*>/g)) {
    if (/^(?:meta|input|col|br)$/.test(name)) continue;
    if (closing === '') open.push(name);
    else assert.equal(open.pop(), name);
  }
  assert.deepEqual(open, []);
}

describe('the HTML report', () => {
  it('allows its own style and script by their hashes, and loads nothing', async () => {
    for (const audit of [
      { report: (await sampleReport(signer)).report },
      (await sampleClosure(signer)).finished,
      (await sampleOutputs(signer)).finished,
      auditOfReport(largeClosure(5000)),
    ]) {
      const html = print(audit, { why: [pathOf('libc-2.39-52')] });
      assertHarmless(html);
      assertBalanced(html);
    }
  });

  it('lets no foreign text become an element, an attribute, the end of a data block, or unreadable', async () => {
    const hostile = await hostileClosure();
    const [path] = hostile.closure?.paths ?? [];
    const many: AuditReport = {
      ...hostile,
      closure: {
        ...hostile.closure!,
        paths: Array.from({ length: 4000 }, () => ({ ...path!, storePath: '/nix/store/</script><!--<script>' })),
        totals: { ...hostile.closure!.totals, paths: 4000 },
      },
    };
    for (const audit of [{ report: (await hostileReport()).report }, auditOfReport(hostile), auditOfReport(many)]) {
      const html = print(audit, { why: ['<b>'] });
      assertHarmless(html);
      assertBalanced(html);
      assert.doesNotMatch(html, /<img|<b>/);
    }
    const data = /<script type="application\/json" id="path-data">(.*?)<\/script>/s.exec(print(auditOfReport(many)))?.[1] ?? '';
    assert.equal((JSON.parse(data) as unknown[]).length, 4000);
  });

  it('links to nothing but https, even when the report was read back from a file', async () => {
    const { report } = await sampleReport(signer);
    const findings = report.findings.map((finding) => ({ ...finding, help: 'javascript:alert(1)' }));
    assert.doesNotMatch(print({ report: { ...report, findings } }), /href="javascript/);
  });

  it('has what an audit of inputs knows, and no empty chapters', async () => {
    const { report, configuration } = await sampleReport(signer);
    const html = print({ report }, { why: [], rules: { configuration, offline: false } });
    assert.match(section(html, 'inputs'), /nixpkgs signed by cache\.example-1, verified with a key that you trust/);
    assert.match(section(html, 'findings'), /error Input &quot;tools&quot;: cache acme\.example serves/);
    assert.match(section(html, 'not-checked'), /cache down\.example: no answer within 10 s/);
    assert.match(section(html, 'environment'), /cache\.example-1:[A-Za-z0-9+/=]{44}/);
    assert.match(section(html, 'not-proved'), /The binaries built from these inputs were not checked/);
    for (const id of ['closure', 'signers', 'plan', 'downloads', 'paths', 'why']) {
      assert.ok(!html.includes(`id="${id}"`) && !html.includes(`href="#${id}"`), id);
    }
  });

  it('has verdicts, signers and caches with their shares, and every path', async () => {
    const html = print((await sampleClosure(signer)).finished);
    assert.match(section(html, 'closure'), /signed by a key that you trust, verified 3 50\.0 %/);
    assert.match(section(html, 'signers'), /cache\.example-1 3 50\.0 %/);
    assert.match(section(html, 'caches'), /one\.example 3 50\.0 %/);
    const paths = section(html, 'paths');
    for (const name of ['app-1.0', 'lib-2.1', 'libc-2.39-52', 'tool-3', 'data', 'gone-0.1'])
      assert.ok(paths.includes(` ${name} `));
    assert.doesNotMatch(html, /id="inputs"|flake\.lock:/);
  });

  it('has plan, downloads and chains', async () => {
    const html = print((await sampleOutputs(signer)).finished, { why: [pathOf('libc-2.39-52')] });
    assert.match(section(html, 'plan'), /derivations built here 1/);
    assert.ok(html.includes(drvOf('gone-0.1').slice(0, 40)));
    assert.match(
      section(html, 'downloads'),
      /1 pinned by a weak hash .* mirror:gnu .* old-1\.tar\.gz weak hash md5, not encrypted http:\/\/old\.example/,
    );
    assert.match(section(html, 'why'), /app-1\.0 .* libc-2\.39-52/);
    assert.match(section(html, 'paths'), /would be built here/);
  });

  it('has all of some thousand paths in a table; of more those to look at, and all as data', () => {
    const few = print(auditOfReport(largeClosure(3000)));
    assert.equal(few.match(/<tr><th scope="row"><span class="path">/g)?.length, 3000);
    assert.doesNotMatch(few, /id="path-data"/);
    const many = print(auditOfReport(largeClosure(5000)));
    const table = section(many, 'paths');
    assert.match(table, /Paths to look at: 50 of 5,000 paths/);
    assert.match(table, /A table of 5,000 rows would be too long/);
    const data = /id="path-data">(.*?)<\/script>/s.exec(many)?.[1] ?? '';
    assert.equal((JSON.parse(data) as unknown[]).length, 5000);
  });

  it('has, for every path, through which one a root leads to it, and nothing more about references', async () => {
    for (const audit of [(await sampleOutputs(signer)).finished, auditOfReport(largeClosure(5000))]) {
      const html = print(audit);
      const through = JSON.parse(/id="path-through">(.*?)<\/script>/s.exec(html)?.[1] ?? '') as number[];
      const paths = [...(audit.closure?.paths() ?? [])].map(({ storePath }) => storePath);
      assert.equal(through.length, paths.length);
      for (const [place, storePath] of paths.entries()) {
        const chain: string[] = [];
        for (let step = place; step >= 0; step = through[step] ?? FROM_NO_ROOT) chain.push(paths[step] ?? '');
        assert.deepEqual(chain.reverse(), audit.closure?.why(storePath));
      }
    }
    const through = /id="path-through">\[(.*?)\]/.exec(print(auditOfReport(largeClosure(5))))?.[1];
    assert.equal(through, `${FROM_ROOT},0,0,0,${FROM_NO_ROOT}`);
  });

  it('comes in pieces, never as one text', () => {
    const pieces = [...htmlReport(auditOfReport(largeClosure(5000)), { why: [] })];
    assert.ok(pieces.length > 3);
    assert.ok(pieces.every(({ length }) => length < 200_000));
  });

  it('never rounds a share to nothing or to all', () => {
    const report = largeClosure(20_000);
    const closure = { ...report.closure!, totals: { ...report.closure!.totals, byVerdict: { verified: 19_999, unsigned: 1 } } };
    const text = section(print(auditOfReport({ ...report, closure })), 'closure');
    assert.match(text, /verified 19,999 over 99\.9 %/);
    assert.match(text, /without a signature 1 under 0\.1 %/);
  });

  it('folds what hundreds of findings have in common, and says how many there are', async () => {
    const { report } = await sampleReport(signer);
    const [one] = report.findings;
    const html = print({ report: { ...report, findings: Array.from({ length: 700 }, () => one!) } });
    assert.match(section(html, 'findings'), /490 more of hash-mismatch/);
    assert.match(section(html, 'findings'), /And 200 more, in the JSON report/);
  });

  it('is the same, byte for byte, for the same facts', async () => {
    const audit = await sampleOutputs(signer);
    assert.equal(print(audit.finished), print((await sampleOutputs(signer)).finished));
    assert.equal(print(auditOfReport(wholeReport(audit))), print(audit.finished), 'read back from JSON');
  });
});
