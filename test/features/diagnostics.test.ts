import assert from 'node:assert/strict';
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver-types';
import { diagnostics, type DiagnosticOptions } from '../../server/src/features/diagnostics';
import { flakeView, type ViewSetup } from '../support/flakeView';
import { githubNode, lockText } from '../support/sampleFlake';

const ALL = { related: true, unnecessary: true, codeDescription: true, data: true };
const OPTIONS: DiagnosticOptions = { transitive: 'summary', lockShown: false, supports: ALL };

const NIX = `{
  inputs.home-manager.url = "github:nix-community/home-manager";
  inputs.gone.follows = "home-manager/nowhere";
  outputs = { self, home-manager, gone }: { };
}
`;

/** home-manager brings an input without hash, and one whose owner was changed. */
const LOCK = lockText(
  { 'home-manager': 'home-manager', gone: ['home-manager', 'nowhere'] },
  {
    'home-manager': githubNode('nix-community', 'home-manager', { inputs: { utils: 'utils', tools: 'tools' } }),
    utils: githubNode('numtide', 'flake-utils', { locked: { narHash: undefined } }),
    tools: githubNode('acme', 'tools', { locked: { owner: 'evil' } }),
  },
);

const found = async (options: Partial<DiagnosticOptions> = {}, setup: ViewSetup = {}) =>
  diagnostics(await flakeView({ nix: NIX, lock: LOCK, ...setup }), { ...OPTIONS, ...options });

const isFolded = ({ message }: Diagnostic) => JSON.stringify(message).includes('its own inputs');
const told = (list: readonly Diagnostic[]) => list.map(({ code, severity, message }) => [code, severity, message]);

describe('diagnostics', () => {
  it('fold what is wrong with inputs of an input into one entry at the direct one', async () => {
    const { 'flake.nix': nix, 'flake.lock': lock } = await found();
    const folded = nix.find(isFolded);
    assert.deepEqual(lock, []);
    assert.deepEqual(
      [folded?.message, folded?.range.start],
      ['Input "home-manager": its own inputs have 1 error, 1 warning', { line: 1, character: 9 }],
    );
    assert.deepEqual(
      folded?.relatedInformation?.map(({ location }) => location.uri),
      ['file:///flake/flake.lock', 'file:///flake/flake.lock'],
    );
    // The only place where the error is seen.
    assert.deepEqual([folded.code, folded.severity], ['lock-tampered', DiagnosticSeverity.Error]);
  });

  it('show them at their nodes as soon as flake.lock is shown, and then fold as information', async () => {
    const { 'flake.nix': nix, 'flake.lock': lock } = await found({ lockShown: true });
    assert.deepEqual(lock.map(({ code, severity }) => [code, severity]).sort(), [
      ['lock-no-hash', DiagnosticSeverity.Warning],
      ['lock-tampered', DiagnosticSeverity.Error],
    ]);
    assert.equal(nix.find(isFolded)?.severity, DiagnosticSeverity.Information);
  });

  it('do so as the setting says', async () => {
    const lockFile = await found({ lockShown: true, transitive: 'lockFile' });
    assert.equal(lockFile['flake.lock'].length, 2);
    assert.ok(!lockFile['flake.nix'].some(isFolded));
    const off = await found({ lockShown: true, transitive: 'off' });
    assert.deepEqual(off['flake.lock'], []);
    assert.ok(!off['flake.nix'].some(isFolded));
  });

  it('mark a dead follows', async () => {
    const { 'flake.nix': nix } = await found();
    const dead = nix.find(({ code }) => code === 'follows-dangling');
    assert.deepEqual(dead?.tags, [DiagnosticTag.Unnecessary]);
    assert.equal(NIX.split('\n')[2]?.slice(dead.range.start.character, dead.range.end.character), 'home-manager/nowhere');
  });

  it('say nothing that the editor does not understand', async () => {
    const { 'flake.nix': nix } = await found({
      supports: { related: false, unnecessary: false, codeDescription: false, data: false },
    });
    for (const diagnostic of nix)
      for (const field of ['relatedInformation', 'tags', 'codeDescription', 'data']) assert.ok(!(field in diagnostic), field);
  });

  it('carry the page about the code, and opaque ids', async () => {
    const { 'flake.nix': nix } = await found();
    for (const { code, codeDescription, data } of nix) {
      assert.match(codeDescription?.href ?? '', new RegExp(`^https://.*/docs/checks/${String(code)}\\.md$`));
      assert.match(JSON.stringify(data), /^\{"v":1,"code":"[a-z-]+","ids":\[("ref-\d+",?)*\]\}$/);
    }
  });

  it('are one for each code and subject', async () => {
    const { 'flake.nix': nix } = await found();
    const keys = told(nix).map(String);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('show a lock that cannot be read where it breaks', async () => {
    const { 'flake.nix': nix, 'flake.lock': lock } = await found({}, { lock: '{ "nodes": {\n' });
    assert.deepEqual(
      lock.map(({ code, severity }) => [code, severity]),
      [['lock-unreadable', DiagnosticSeverity.Error]],
    );
    assert.ok(!nix.some(({ code }) => code === 'lock-missing'));
  });
});
