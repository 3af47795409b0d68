import assert from 'node:assert/strict';
import type { FinishedAudit } from '../../server/src/report/finishedAudit';
import { cyclonedxReport } from '../../server/src/report/cyclonedx';
import { drvOf, pathOf } from '../support/buildGraph';
import { narHashOf } from '../support/closureOver';
import { cyclonedxErrors } from '../support/foreignSchemas';
import { hostileReport } from '../support/hostileReport';
import { sampleClosure, sampleOutputs } from '../support/sampleClosure';
import { sampleReport } from '../support/sampleReport';
import { makeSigner } from '../support/signer';

interface Bill {
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly type: string;
    readonly name: string;
    readonly version?: string;
    readonly purl?: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
    readonly externalReferences?: readonly { readonly type: string; readonly url: string }[];
    readonly properties: readonly { readonly name: string; readonly value: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly compositions?: readonly { readonly aggregate: string }[];
}

const signer = makeSigner('cache.nixos.org-1');
const text = (audit: FinishedAudit): string => [...cyclonedxReport(audit)].join('');

function printed(audit: FinishedAudit): Bill {
  const bill = JSON.parse(text(audit)) as Bill;
  assert.deepEqual(cyclonedxErrors(bill), []);
  const refs = new Set(bill.components.map((component) => component['bom-ref']));
  assert.equal(refs.size, bill.components.length, 'a reference is used twice');
  for (const { ref, dependsOn = [] } of bill.dependencies) {
    for (const other of [ref, ...dependsOn]) assert.ok(refs.has(other) || other === 'flake-trust:subject', other);
  }
  return bill;
}

function component(bill: Bill, ref: string): Bill['components'][number] {
  const found = bill.components.find((one) => one['bom-ref'] === ref);
  assert.ok(found, ref);
  return found;
}

const valuesOf = ({ properties }: Bill['components'][number], name: string): string[] =>
  properties.filter((property) => property.name === `flake-trust:${name}`).map(({ value }) => value);

const on = (bill: Bill, ref: string): readonly string[] => bill.dependencies.find((one) => one.ref === ref)?.dependsOn ?? [];

describe('the CycloneDX report', () => {
  it('has a component for every store path: name and version as Nix parts them, NAR hash, signer, cache, verdict', async () => {
    const { finished } = await sampleClosure(signer);
    const bill = printed(finished);
    const libc = component(bill, pathOf('libc-2.39-52'));
    assert.deepEqual([libc.type, libc.name, libc.version], ['library', 'libc', '2.39-52']);
    const hex = Buffer.from(narHashOf('libc-2.39-52').slice('sha256-'.length), 'base64').toString('hex');
    assert.deepEqual(libc.hashes, [{ alg: 'SHA-256', content: hex }]);
    assert.deepEqual(valuesOf(libc, 'nar-hash'), [narHashOf('libc-2.39-52')]);
    assert.deepEqual(valuesOf(libc, 'signer'), ['cache.nixos.org-1']);
    assert.deepEqual(valuesOf(libc, 'cache'), ['https://one.example']);
    assert.deepEqual(valuesOf(libc, 'verdict'), ['verified']);
    assert.deepEqual(valuesOf(component(bill, pathOf('tool-3')), 'signer'), [], 'nobody whom the user trusts');
    assert.equal(component(bill, pathOf('gone-0.1')).hashes, undefined);
  });

  it('has who needs whom, nobody itself, and says that something is missing', async () => {
    const bill = printed((await sampleClosure(signer)).finished);
    assert.deepEqual(on(bill, 'flake-trust:subject'), [pathOf('app-1.0')]);
    assert.deepEqual(on(bill, pathOf('app-1.0')), ['lib-2.1', 'tool-3', 'data', 'gone-0.1'].map(pathOf).sort());
    assert.deepEqual(on(bill, pathOf('libc-2.39-52')), []);
    assert.deepEqual(
      bill.compositions?.map(({ aggregate }) => aggregate),
      ['incomplete'],
    );
  });

  it('has inputs as sources, each once, with revision, package URL, address and hash', async () => {
    const { report } = await sampleReport(signer);
    const bill = printed({ report });
    const nixpkgs = component(bill, 'flake-trust:input:nixpkgs');
    const { rev } = report.inputs.find(({ node }) => node === 'nixpkgs') ?? {};
    assert.equal(nixpkgs.version, rev);
    assert.equal(nixpkgs.purl, `pkg:github/nixos/nixpkgs@${rev ?? ''}`);
    assert.deepEqual(nixpkgs.externalReferences, [{ type: 'vcs', url: 'https://github.com/NixOS/nixpkgs' }]);
    assert.deepEqual(valuesOf(nixpkgs, 'kind'), ['input']);
    assert.equal(bill.components.filter(({ name }) => name.endsWith('nixpkgs')).length, 1);
    assert.deepEqual(on(bill, 'flake-trust:input:tools'), ['flake-trust:input:nixpkgs']);
    assert.equal(bill.compositions, undefined);
    const secret = component(bill, 'flake-trust:input:secret');
    assert.deepEqual(secret.externalReferences, [{ type: 'vcs', url: 'ssh://git@git.corp.example/lib' }]);
    assert.equal(secret.purl, undefined);
  });

  it('has downloads with the hash of the file, and marks what is built', async () => {
    const bill = printed((await sampleOutputs(signer)).finished);
    const old = component(bill, drvOf('old-1.tar.gz'));
    assert.deepEqual([old.type, old.name, old.version], ['file', 'old', '1.tar.gz']);
    assert.deepEqual(old.hashes, [{ alg: 'MD5', content: '07'.repeat(16) }]);
    assert.deepEqual(old.externalReferences, [{ type: 'source-distribution', url: 'http://old.example/old-1.tar.gz' }]);
    assert.deepEqual(valuesOf(old, 'issue'), ['weak-hash', 'plain-http']);
    assert.deepEqual(valuesOf(component(bill, pathOf('gone-0.1')), 'built'), ['would-build']);
    assert.deepEqual(valuesOf(component(bill, pathOf('lib-2.1')), 'local-verdict'), ['unsigned']);
    assert.deepEqual(valuesOf(component(bill, pathOf('tool-3')), 'input'), ['tools']);
  });

  it('is the same, byte for byte, for the same facts: no time, no random number', async () => {
    assert.equal(text((await sampleOutputs(signer)).finished), text((await sampleOutputs(signer)).finished));
  });

  it('is valid whatever the texts are', async () => {
    const { report } = await hostileReport();
    printed({ report });
  });

  it('is held to the schema: it says something about a bill that is none', async () => {
    const bill = JSON.parse(text((await sampleClosure()).finished)) as Bill;
    assert.notDeepEqual(cyclonedxErrors({ ...bill, specVersion: 6 }), []);
    assert.notDeepEqual(cyclonedxErrors({ ...bill, components: [{ type: 'path', name: 'x' }] }), []);
  });
});
