import assert from 'node:assert/strict';
import MarkdownIt from 'markdown-it';
import { marked } from 'marked';
import { markdownReport } from '../../server/src/report/markdown';
import { hostileReport } from '../support/hostileReport';
import { sampleReport } from '../support/sampleReport';
import { makeSigner } from '../support/signer';

const signer = makeSigner('cache.nixos.org-1');

async function sample(): Promise<string> {
  const { report, configuration } = await sampleReport(signer);
  return markdownReport(report, { configuration, offline: false });
}

describe('the Markdown report', () => {
  it('has its sections in a fixed order', async () => {
    assert.deepEqual((await sample()).match(/^##? .*/gm), [
      '# Flake Trust report',
      '## Findings',
      '## Inputs',
      '## Not checked',
      '## Environment',
      '## What this report does not prove',
    ]);
  });

  it('has one row for each input, and below it the whole hash', async () => {
    const { report, configuration } = await sampleReport(signer);
    const text = markdownReport(report, { configuration, offline: false });
    assert.equal(text.match(/^\| `.*/gm)?.length, report.inputs.length);
    const locked = text.slice(text.indexOf('### What is locked')).match(/^- `.*/gm) ?? [];
    assert.ok(report.inputs.every(({ narHash }, index) => narHash === undefined || locked[index]?.includes(narHash)));
  });

  it('names keys whole, caches in their order, switched off checks and the mode', async () => {
    const { report, configuration } = await sampleReport(signer);
    const severity = new Map([['unsigned', 'off']] as const);
    const text = markdownReport(report, {
      configuration,
      offline: true,
      offlineReason: 'this folder is in Restricted Mode',
      severity,
    });
    assert.ok(text.includes(`- \`${signer.publicKey}\``));
    assert.match(text, /^1\. `https:\/\/cache\.nixos\.org` from nix\.conf, priority 40: answered$/m);
    assert.match(text, /^- Checks switched off: `unsigned`$/m);
    assert.match(text, /^- Mode: nothing was asked \(this folder is in Restricted Mode\)$/m);
    assert.match(text, /^- Answers: from 2026-11-22T12:00:00\.000Z to 2026-11-22T12:00:00\.000Z$/m);
  });

  it('says loudly when Nix takes paths without any signature', async () => {
    const { report, configuration } = await sampleReport(signer);
    assert.doesNotMatch(markdownReport(report, { configuration, offline: false }), /require-sigs/);
    assert.match(
      markdownReport(report, { configuration: { ...configuration, requireSignatures: false }, offline: false }),
      /require-sigs/,
    );
  });

  it('is the same, byte for byte, for the same facts, whatever the time', async () => {
    assert.equal(await sample(), await sample());
  });

  it('gives foreign text no link, image, HTML, icon or cell of its own', async () => {
    const { report, configuration } = await hostileReport();
    const text = markdownReport(report, { configuration, offline: false });
    assert.doesNotMatch(text, /\$\(|[^\P{Cc}\n]|\p{Cf}/u);
    for (const html of [
      marked.parse(text, { async: false, gfm: true }),
      new MarkdownIt({ html: true, linkify: true }).render(text),
    ]) {
      const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
      assert.ok(
        links.length > 0 &&
          links.every((href) => href?.startsWith('https://github.com/flake-trust/flake-trust/blob/main/docs/checks/')),
      );
      assert.doesNotMatch(html, /<img|<script/);
      assert.equal([...html.matchAll(/<tr/g)].length, 1 + report.inputs.length);
      assert.equal([...html.matchAll(/<t[dh]\b/g)].length, 4 * (1 + report.inputs.length));
      assert.equal([...html.matchAll(/<h\d/g)].length, 9);
    }
  });
});
