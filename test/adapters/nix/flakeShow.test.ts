import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { attributeFragment, parseFlakeShow } from '../../../server/src/adapters/nix/flakeShow';
import type { FlakeOutput } from '../../../server/src/engine/ports';
import { recorded, RECORDED_VERSIONS } from '../../support/nixJson';

function show(text: string, system = 'x86_64-linux'): FlakeOutput[] {
  const parsed = parseFlakeShow(text, system);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return parsed.value;
}

const installables = (outputs: readonly FlakeOutput[]) => outputs.map(({ installable }) => installable);

describe('the outputs that nix flake show prints', () => {
  for (const version of RECORDED_VERSIONS) {
    it(`are those of this system that can be built: ${version}`, () => {
      assert.deepEqual(show(recorded(version, 'flake-show')), [
        {
          kind: 'package',
          installable: '.#packages.x86_64-linux.default',
          attrPath: ['packages', 'x86_64-linux', 'default'],
          name: 'app-1.0',
        },
      ]);
      assert.deepEqual(installables(show(recorded(version, 'flake-show-rich'))), [
        '.#packages.x86_64-linux.default',
        '.#packages.x86_64-linux.fixed',
      ]);
    });
  }

  it('leave out what newer versions do not evaluate for another system', () => {
    assert.deepEqual(installables(show(recorded('2.8', 'flake-show-rich'), 'aarch64-darwin')), [
      '.#devShells.aarch64-darwin.default',
    ]);
    assert.deepEqual(show(recorded('2.34', 'flake-show-rich'), 'aarch64-darwin'), []);
  });

  it('come by kind, default first; of a NixOS configuration, what it builds', () => {
    const leaf = { type: 'derivation', name: 'n' };
    const tree = {
      nixosConfigurations: { box: { type: 'nixos-configuration' } },
      checks: { s: { b: leaf, a: leaf } },
      packages: { s: { b: leaf, default: leaf, a: leaf, broken: {} } },
      devShells: { s: { default: leaf }, other: { default: leaf } },
    };
    assert.deepEqual(installables(show(JSON.stringify(tree), 's')), [
      '.#packages.s.default',
      '.#packages.s.a',
      '.#packages.s.b',
      '.#devShells.s.default',
      '.#checks.s.a',
      '.#checks.s.b',
      '.#nixosConfigurations.box.config.system.build.toplevel',
    ]);
  });

  it('are refused in a format to come and when they are no tree', () => {
    for (const text of ['{"version":2,"inventory":{}}', '[]', 'x']) assert.equal(parseFlakeShow(text, 's').ok, false);
  });

  it('may be named in any way but with a quote', () => {
    assert.equal(attributeFragment(['a', "b-1'"]), "a.b-1'");
    assert.equal(attributeFragment(['a.b']), '%22a.b%22');
    assert.equal(attributeFragment(['x^out#?%']), '%22x%5Eout%23%3F%25%22');
    assert.equal(attributeFragment(['a"b']), undefined);
  });
});
