import assert from 'node:assert/strict';
import { textReport } from '../../server/src/report/text';
import { hostileReport } from '../support/hostileReport';
import { sampleReport } from '../support/sampleReport';
import { makeSigner } from '../support/signer';
import type { InputsReport } from '../../server/src/domain/inputsReport';

const now = Date.parse('2026-11-22T15:00:00Z');

async function text(options: { audit?: boolean; color?: boolean; now?: number } = {}): Promise<string> {
  const { report } = await sampleReport(makeSigner('cache.nixos.org-1'));
  return textReport(report, { now, color: false, audit: true, ...options });
}

const empty: InputsReport = {
  schemaVersion: 1,
  tool: { name: 'flake-trust', version: '0.0.0' },
  lock: { state: 'missing' },
  caches: [],
  inputs: [],
  findings: [],
};

describe('the text report', () => {
  it('keeps source, signer and vetting apart, with the caches between', async () => {
    assert.match(
      await text(),
      new RegExp(
        [
          '^nixpkgs {2}github:NixOS/nixpkgs/nixos-unstable$',
          '^ {2}source {3}locked aaaaaaa, 2025-10-09 \\(13 months old\\), sha256-2T/H0Q…Kqo=$',
          '^ {2}signer {3}signed by cache\\.nixos\\.org-1, verified with a key that you trust$',
          '^ {2}caches {3}found in cache\\.nixos\\.org; not in acme\\.example \\(checked 2026-11-22, 3 h ago\\)$',
          '^ {2}vetting {2}no policy$',
        ].join('\n'),
        'm',
      ),
    );
  });

  it('gives inputs that follow one line each', async () => {
    assert.match(await text(), /^tools\/nixpkgs follows nixpkgs$/m);
  });

  it('lists findings worst first, with code and place', async () => {
    const found = /^Findings\n([\s\S]*?)\n\n/m.exec(await text())?.[1] ?? '';
    assert.deepEqual(found.split('\n'), [
      '  error   Input "tools": cache acme.example serves a different hash than flake.lock records',
      '          hash-mismatch',
      '  warning Input "fresh": it is not in flake.lock',
      '          lock-out-of-date · flake.nix:2:1',
      '  hint    Input "tools/x": follows the root flake',
      '          follows-root',
    ]);
  });

  it('lists caches in their order, aligned, with what became of each', async () => {
    const caches = /^Caches .*\n([\s\S]*?)\n\n/m.exec(await text())?.[1] ?? '';
    assert.deepEqual(caches.split('\n'), [
      '  40  https://cache.nixos.org   nix.conf  answered',
      '  50  https://acme.example      settings  answered',
      '   -  https://down.example      nix.conf  could not be asked: no answer within 10 s',
      '   -  ssh-ng://builder.example  nix.conf  not asked: reached over ssh, which Flake Trust does not open',
      '   -  https://theirs.example    flake     not asked: declared by the flake, not accepted',
    ]);
  });

  it('says what was not checked and why, and what it does not prove, in an audit', async () => {
    const audit = await text();
    assert.match(audit, /^Not checked\n {2}cache down\.example: no answer within 10 s$/m);
    assert.match(audit, /^ {2}secret: private input \(fetched over ssh\), and this cache is not marked private$/m);
    assert.match(audit, /^What this does not prove$/m);
    assert.ok(audit.split('\n').every((line) => !line.startsWith('  A hash') || line.length <= 100));
    assert.doesNotMatch(await text({ audit: false }), /Not checked|does not prove/);
  });

  it('ends with the outcome', async () => {
    assert.match(await text(), /\n5 inputs: 1 error, 1 warning, 1 hint\n$/);
    assert.match(textReport(empty, { now, color: false, audit: false }), /\n0 inputs: nothing found\n$/);
  });

  it('says that no cache is configured, and that there is no lock', () => {
    const bare = textReport(empty, { now, color: false, audit: true });
    assert.match(bare, /^no flake\.lock$/m);
    assert.match(bare, /none configured: nothing could be asked/);
  });

  it('tells ages from the time it is given', async () => {
    for (const [time, words] of [
      ['2026-11-22T12:00:30Z', 'just now'],
      ['2026-11-22T12:59:00Z', '59 min ago'],
      ['2026-11-24T13:00:00Z', '2 days ago'],
      ['2027-11-24T13:00:00Z', '12 months ago'],
      ['2036-11-24T13:00:00Z', '10 years ago'],
    ] as const) {
      assert.match(await text({ now: Date.parse(time) }), new RegExp(`checked 2026-11-22, ${words}\\)`));
    }
    assert.match(await text({ now: 0 }), /2025-10-09 \(in the future\)/);
  });

  it('has colours only when asked, and says the same without them', async () => {
    const colored = await text({ color: true });
    assert.match(colored, /\u001b\[31merror/);
    assert.equal(colored.replace(/\u001b\[\d+m/g, ''), await text());
  });

  it('lets no foreign text act on a terminal or forge a line', async () => {
    const shown = textReport((await hostileReport()).report, { now, color: false, audit: true });
    assert.doesNotMatch(shown, /[^\P{Cc}\n]|\p{Cf}|\p{Co}/u);
    assert.doesNotMatch(shown, /^ {2}signer {3}signed by/m, 'a line of ours, made by a name');
    assert.ok(shown.split('\n').every((line) => line.length < 900));
  });
});
