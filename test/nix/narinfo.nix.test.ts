/** Everything that we say of narinfos, beside what the installed Nix says of the same files. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseNarHash } from '../../server/src/domain/hash';
import { parseNarinfo } from '../../server/src/domain/narinfo';
import { parseNixCacheInfo } from '../../server/src/domain/nixCacheInfo';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { parsePublicKey, trustedKeys } from '../../server/src/domain/publicKey';
import { STORE_DIR, storePathHash, type StorePath } from '../../server/src/domain/storePath';
import { verifyNarinfo, type CheckedNarinfo } from '../../server/src/domain/verifyNarinfo';
import { forgedSignature, NEUTRAL_POINT } from '../support/forgedSignature';
import { asNixPrints, checkNarinfo, isTrusted, narinfo, normalized, storePath } from '../support/narinfoCorpus';
import { printNarinfo } from '../support/printNarinfo';
import { makeRealNix, shellDerivation, type NixKey, type RealNix } from './realNix';
import { serveFolder } from './serveFolder';

let nix: RealNix;
let key: NixKey;
let stranger: NixKey;
/** Refers to `lib` and to itself; built, so input-addressed. */
let app: StorePath;
let lib: StorePath;
/** Content-addressed, of each kind that Nix makes. */
let addressed: readonly StorePath[];
let signedCache: string;
let unsignedCache: string;
let copies = 0;

describe('narinfos, beside the real Nix', () => {
  before(async () => {
    nix = await makeRealNix();
    [key, stranger] = await Promise.all([nix.makeKey('ours-1'), nix.makeKey('stranger-1')]);
    const { system } = nix;
    const folder = await nix.makeFlake(
      'derivations',
      {
        'content.txt': 'content\n',
        'tree/file': 'one file of a tree\n',
        'default.nix': `rec {
          lib = ${shellDerivation('lib-1.0', 'echo lib > $out', system)};
          app = derivation { name = "app-1.0"; system = "${system}"; builder = "/bin/sh"; inherit lib;
            args = [ "-c" ''echo $lib $out > $out'' ]; };
          tree = builtins.path { path = ./tree; name = "tree"; };
          text = builtins.toFile "text" "\${builtins.toFile "other" "hi\\n"}\\n";
          fixed = algo: mode: hash: derivation { name = "fixed-\${algo}-\${mode}"; system = "${system}"; builder = "/bin/sh";
            args = [ "-c" ''printf 'content\\n' > $out'' ]; outputHashAlgo = algo; outputHashMode = mode; outputHash = hash; };
          flat256 = fixed "sha256" "flat" (builtins.hashFile "sha256" ./content.txt);
          flat1 = fixed "sha1" "flat" (builtins.hashFile "sha1" ./content.txt);
          flat5 = fixed "md5" "flat" (builtins.hashFile "md5" ./content.txt);
          flat512 = fixed "sha512" "flat" (builtins.hashFile "sha512" ./content.txt);
        }`,
      },
      { git: false },
    );
    const file = join(folder, 'default.nix');
    const build = async (...attributes: string[]): Promise<readonly StorePath[]> =>
      (await nix.succeed(['build', '--no-link', '--json', '--file', file, ...attributes]).then(parseBuilt)).map(storePath);
    const evaluate = async (attribute: string): Promise<StorePath> =>
      storePath((await nix.succeed(['eval', '--raw', '--file', file, attribute])).trim());
    [app, lib] = (await build('app', 'lib')) as [StorePath, StorePath];
    addressed = [...(await build('flat256', 'flat1', 'flat5', 'flat512')), await evaluate('tree'), await evaluate('text')];
    signedCache = await nix.makeCache('signed', [app, ...addressed], key);
    unsignedCache = await nix.makeCache('unsigned', [app, ...addressed]);
  });

  after(() => nix.dispose());

  it('reads all that Nix wrote, and as Nix reads it', async () => {
    for (const cache of [signedCache, unsignedCache]) {
      const files = (await readdir(cache)).filter((name) => name.endsWith('.narinfo'));
      assert.ok(files.length > addressed.length + 2);
      for (const name of files) {
        const text = await readFile(join(cache, name), 'utf8');
        const info = narinfo(text);
        assert.equal(printNarinfo(info), text);
        assert.deepEqual(asNixPrints(info), normalized(await pathInfo(`file://${cache}`, info.storePath)));
      }
    }
  });

  it('verifies what Nix signed, with the right key only', async () => {
    for (const path of [app, lib]) {
      const info = narinfo(await readFile(narinfoFile(signedCache, path), 'utf8'));
      assert.equal(checkNarinfo(info, trustedKeys([key.publicKey])).verdict, 'verified');
      assert.equal(checkNarinfo(info, trustedKeys([stranger.publicKey])).verdict, 'untrusted-key');
    }
    assert.equal(await nixVerdict(`file://${signedCache}`, app, key.publicKey), 'trusted');
    assert.equal(await nixVerdict(`file://${signedCache}`, app, stranger.publicKey), 'untrusted');
  });

  it('recomputes every kind of content-addressed path, for which Nix asks no key', async () => {
    for (const path of addressed) {
      const info = narinfo(await readFile(narinfoFile(unsignedCache, path), 'utf8'));
      const check = checkNarinfo(info, trustedKeys([]));
      assert.deepEqual([check.verdict, check.contentAddressed], ['content-addressed', true], `${info.ca ?? 'no CA'} of ${path}`);
      assert.equal(await nixVerdict(`file://${unsignedCache}`, path, ''), 'trusted');
    }
    const kinds = new Set(
      (await Promise.all(addressed.map((path) => readFile(narinfoFile(unsignedCache, path), 'utf8')))).map((text) =>
        narinfo(text).ca?.replace(/:[^:]*$/, ''),
      ),
    );
    assert.deepEqual([...kinds].sort(), [
      'fixed:md5',
      'fixed:r:sha256',
      'fixed:sha1',
      'fixed:sha256',
      'fixed:sha512',
      'text:sha256',
    ]);
  });

  describe('a changed narinfo', () => {
    /** A change, and where we refuse on purpose what Nix 2.8 takes, see docs/narinfo.md. */
    const changes: readonly [rule: string, change: (text: string) => string, stricter?: true][] = [
      ['nothing', (text) => text],
      ['the signature removed', (text) => text.replace(/^Sig.*\n/m, '')],
      ['a bit of the signature flipped', (text) => text.replace(/(?<=^Sig: ours-1:)./m, (first) => (first === 'A' ? 'B' : 'A'))],
      ['the signature under another name', (text) => text.replace('Sig: ours-1', 'Sig: other-1')],
      ['the signature cut', (text) => text.replace(/^(Sig: .{40}).*$/m, '$1')],
      ['a second signature, cut', (text) => `${text}Sig: ours-1:AAAA\n`],
      ['a second signature, by an unknown key, cut', (text) => `${text}Sig: other:AAAA\n`],
      ['a second signature that is none', (text) => `${text}Sig: foo\n`, true],
      ['a second signature that is wrong', (text) => `${text}Sig: ours-1:${'AAAA'.repeat(21)}AA==\n`],
      ['the signature without padding', (text) => text.replace(/^(Sig.*)==$/m, '$1')],
      ['text behind the padding', (text) => text.replace(/^(Sig.*)$/m, '$1xx'), true],
      ['the size changed', (text) => text.replace(/(?<=^NarSize: )/m, '1')],
      ['the hash changed', (text) => text.replace(/(?<=^NarHash: sha256:)./m, (first) => (first === '0' ? '1' : '0'))],
      ['a reference removed', (text) => text.replace(/(?<=^References: )\S+ /m, '')],
      ['a reference added', (text) => text.replace(/(?<=^References: )/m, '2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-lib-1.0 ')],
      ['references in another order', (text) => text.replace(/^References: (\S+) (\S+)$/m, 'References: $2  $1 $2 ')],
      ['absolute references', (text) => text.replace(/^References: /m, 'References: /nix/store/')],
      ['another name in StorePath', (text) => text.replace(/^(StorePath.*)$/m, '$1-evil')],
      ['a StorePath to be cleaned up', (text) => text.replace('/nix/store/', '/nix/./store/../store//')],
      ['a StorePath below a store path', (text) => text.replace(/^(StorePath.*)$/m, '$1/bin')],
      ['no dash behind the hash', (text) => text.replace(/^(StorePath: \S{43})-/m, '$1x'), true],
      ['another Deriver', (text) => text.replace(/^Deriver.*$/m, 'Deriver: 2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-x.drv')],
      ['an empty Deriver', (text) => text.replace(/^Deriver.*$/m, 'Deriver: ')],
      [
        'another FileHash and FileSize',
        (text) => text.replace(/^FileHash.*\nFileSize.*$/m, `FileHash: md5:${'0'.repeat(32)}\nFileSize: 1`),
      ],
      ['a false content address', (text) => `${text}CA: fixed:r:sha256:${'0'.repeat(52)}\n`],
      [
        'a false content address and no signature',
        (text) => `${text.replace(/^Sig.*\n/m, '')}CA: text:sha256:${'0'.repeat(52)}\n`,
      ],
      ['a content address that is none', (text) => `${text}CA: fixed:git:sha1:${'0'.repeat(40)}\n`],
      ['a wide character behind a colon', (text) => text.replace('NarSize: ', 'NarSize:é')],
      ['the size twice', (text) => `${text}NarSize: 1\n`],
      ['References twice', (text) => `${text}References: \n`],
      ['no line end', (text) => text.trimEnd()],
      ['carriage returns', (text) => text.replaceAll('\n', '\r\n')],
      ['a blank line in front', (text) => `\n${text}`],
      ['a blank line before Deriver', (text) => text.replace('Deriver', '\nDeriver')],
      ['a line without a colon before the signature', (text) => text.replace('Sig', 'garbage\nSig')],
      ['a size beyond what a double holds', (text) => text.replace(/^FileSize.*$/m, 'FileSize: 9007199254740993'), true],
      ['an HTML page', () => '<html><body style="color: red">login</body></html>\n'],
      ['nothing left', () => ''],
    ];

    for (const [rule, change, stricter = false] of changes) {
      it(`${rule}: read, trusted and imported as we say`, async () => {
        const original = await readFile(narinfoFile(signedCache, app), 'utf8');
        const text =
          rule === 'the answer for another path' ? await readFile(narinfoFile(signedCache, lib), 'utf8') : change(original);
        const cache = await changedCache(app, text);
        const [read, verdict, imported] = await Promise.all([
          nix.run(['path-info', '--json', '--store', `file://${cache}`, app]),
          nixVerdict(`file://${cache}`, app, key.publicKey),
          imports(`file://${cache}`, app, key.publicKey),
        ]);

        const parsed = parseNarinfo(text);
        const check = parsed.ok ? verifyNarinfo(parsed.value, { asked: app, trusted: trustedKeys([key.publicKey]) }) : undefined;
        const checked = check?.kind === 'checked' ? check : undefined;
        const ours = {
          read: parsed.ok,
          trusted: checked !== undefined && isTrusted(checked),
          imported: checked?.accepted ?? false,
        };
        const theirs = { read: read.status === 0, trusted: verdict === 'trusted', imported };
        if (stricter) {
          assert.ok(theirs.read && !ours.imported, 'Nix reads it and we refuse it');
          return;
        }
        assert.deepEqual(ours, theirs);
        if (parsed.ok && checked !== undefined) assert.deepEqual(asNixPrints(parsed.value), normalized(firstOf(read.stdout)));
      });
    }
  });

  it('an answer for another path is not imported by Nix, although `nix store verify` calls it trusted, and is none to us', async () => {
    const text = await readFile(narinfoFile(signedCache, lib), 'utf8');
    const cache = await changedCache(app, text);
    assert.equal(await nixVerdict(`file://${cache}`, app, key.publicKey), 'trusted');
    assert.equal(await imports(`file://${cache}`, app, key.publicKey), false);
    const check = verifyNarinfo(narinfo(text), { asked: app, trusted: trustedKeys([key.publicKey]) });
    assert.deepEqual(check, { kind: 'other-path', got: lib });
  });

  it('a flat content address beside references stops Nix before it looks at the signature; it is not accepted here', async () => {
    const text = `${await readFile(narinfoFile(signedCache, app), 'utf8')}CA: fixed:sha256:${'0'.repeat(52)}\n`;
    const cache = await changedCache(app, text);
    assert.match(await nixVerdict(`file://${cache}`, app, key.publicKey), /^error/);
    assert.equal(await imports(`file://${cache}`, app, key.publicKey), false);
    const check = checkNarinfo(narinfo(text), trustedKeys([key.publicKey]));
    assert.deepEqual([check.contentAddressed, check.accepted, check.problems], [false, false, ['false-content-address']]);
  });

  describe('the content-addressed source of an input', () => {
    let input: StorePath;
    let narHash: string;
    let cache: string;

    before(async () => {
      const dependency = await nix.makeFlake('dependency', {
        'flake.nix': '{ outputs = _: { x = 1; }; }',
        'file.txt': 'dependency\n',
      });
      const plain = await nix.makeFlake('plain', { 'file.txt': 'no flake\n' }, { git: false });
      const flake = await nix.makeFlake('flake', {
        'flake.nix': `{
          inputs.dependency.url = "git+file://${dependency}";
          inputs.plain = { url = "path:${plain}"; flake = false; };
          outputs = _: { };
        }`,
      });
      await nix.succeed(['flake', 'lock'], { cwd: flake });
      await nix.succeed(['flake', 'archive', '--to', `file://${join(nix.dir, 'sources')}`], { cwd: flake });
      cache = join(nix.dir, 'sources');

      const archive = JSON.parse(await nix.succeed(['flake', 'archive', '--json'], { cwd: flake })) as {
        inputs: Record<string, { path: string }>;
      };
      const lock = JSON.parse(await readFile(join(flake, 'flake.lock'), 'utf8')) as {
        nodes: Record<string, { locked?: { narHash: string } }>;
      };
      for (const name of ['dependency', 'plain']) {
        narHash = lock.nodes[name]?.locked?.narHash ?? '';
        const hash = parseNarHash(narHash);
        assert.ok(hash.ok);
        input = storePath(archive.inputs[name]?.path ?? '');
        assert.equal(sourceStorePath(hash.value), input, name);
      }
    });

    it('is accepted without a signature, by Nix and by us', async () => {
      const check = await checkSource(await readFile(narinfoFile(cache, input), 'utf8'));
      assert.deepEqual([check.verdict, check.accepted], ['content-addressed', true]);
      assert.equal(await nixVerdict(`file://${cache}`, input, ''), 'trusted');
      assert.equal(await imports(`file://${cache}`, input, ''), true);
    });

    it('is not accepted without its address', async () => {
      const text = (await readFile(narinfoFile(cache, input), 'utf8')).replace(/^CA.*\n/m, '');
      assert.equal((await checkSource(text)).verdict, 'unsigned');
      const changed = await changedCache(input, text, cache);
      assert.equal(await nixVerdict(`file://${changed}`, input, ''), 'untrusted');
      assert.equal(await imports(`file://${changed}`, input, ''), false);
    });

    it('is not accepted with a reference', async () => {
      const text = (await readFile(narinfoFile(cache, input), 'utf8')).replace(
        /^References.*$/m,
        'References: 2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-lib-1.0',
      );
      const check = await checkSource(text);
      assert.deepEqual([check.verdict, check.accepted], ['hash-mismatch', false]);
      assert.equal(await nixVerdict(`file://${await changedCache(input, text, cache)}`, input, ''), 'untrusted');
    });

    it('replaced by a trusted signer passes Nix, and is seen here', async () => {
      const text = (await readFile(narinfoFile(cache, input), 'utf8'))
        .replace(/^CA.*\n/m, '')
        .replace(/^NarHash.*$/m, `NarHash: sha256:${'0'.repeat(51)}1`);
      const forged = await changedCache(input, text, cache);
      await nix.succeed(['store', 'sign', '--store', `file://${forged}`, '--key-file', key.secretKeyFile, input]);
      const check = await checkSource(await readFile(narinfoFile(forged, input), 'utf8'));
      assert.deepEqual([check.verdict, check.keyNames, check.accepted], ['hash-mismatch', ['ours-1'], true]);
      assert.equal(await nixVerdict(`file://${forged}`, input, key.publicKey), 'trusted');
    });

    async function checkSource(text: string): Promise<CheckedNarinfo> {
      const lockedNarHash = parseNarHash(narHash);
      assert.ok(lockedNarHash.ok);
      const question = { asked: input, trusted: trustedKeys([key.publicKey]), lockedNarHash: lockedNarHash.value };
      const check = verifyNarinfo(narinfo(text), question);
      assert.ok(check.kind === 'checked');
      return Promise.resolve(check);
    }
  });

  it('is served over HTTP as from a folder', async () => {
    const server = await serveFolder(signedCache);
    try {
      for (const path of [app, lib, ...addressed]) {
        const response = await fetch(`${server.url}/${storePathHash(path)}.narinfo`);
        const info = narinfo(await response.text());
        assert.deepEqual(asNixPrints(info), normalized(await pathInfo(server.url, path)));
        assert.equal(
          await nixVerdict(server.url, path, key.publicKey),
          isTrusted(checkNarinfo(info, trustedKeys([key.publicKey]))) ? 'trusted' : 'no',
        );
      }
      assert.equal(await imports(server.url, app, key.publicKey), true);
      assert.equal(await imports(server.url, app, stranger.publicKey), false);
      assert.ok(server.requests.includes(`/${storePathHash(app)}.narinfo`));
    } finally {
      await server.close();
    }
  });

  describe('trusted-public-keys', () => {
    it('a wrong key that comes first hides the right one', async () => {
      const wrong = stranger.publicKey.replace('stranger-1', 'ours-1');
      const text = await readFile(narinfoFile(signedCache, app), 'utf8');
      for (const keys of [
        [wrong, key.publicKey],
        [key.publicKey, wrong],
      ]) {
        const ours = isTrusted(checkNarinfo(narinfo(text), trustedKeys(keys)));
        assert.equal(await nixVerdict(`file://${signedCache}`, app, keys.join(' ')), ours ? 'trusted' : 'untrusted');
      }
    });

    const malformed: readonly [rule: string, key: () => string][] = [
      ['no name', () => key.publicKey.replace('ours-1', '')],
      ['no colon', () => 'ours-1'],
      ['no base64', () => 'ours-1:!'],
      ['31 bytes', () => `ours-1:${Buffer.alloc(31, 1).toString('base64')}`],
    ];
    for (const [rule, text] of malformed) {
      it(`an entry with ${rule} fails the whole command, and is a problem here`, async () => {
        assert.equal(trustedKeys([text(), key.publicKey]).problems.length, 1);
        assert.match(await nixVerdict(`file://${signedCache}`, app, `${text()} ${key.publicKey}`), /^error/);
      });
    }

    it('with a weak key libsodium verifies nothing, and here it is refused', async () => {
      const weak = `weak-1:${NEUTRAL_POINT.toString('base64')}`;
      const text = (await readFile(narinfoFile(signedCache, app), 'utf8')).replace(
        /^Sig.*$/m,
        `Sig: weak-1:${forgedSignature().toString('base64')}`,
      );
      assert.equal(await nixVerdict(`file://${await changedCache(app, text)}`, app, weak), 'untrusted');
      assert.deepEqual(parsePublicKey(weak), { ok: false, error: { kind: 'weak' } });
    });
  });

  describe('nix-cache-info', () => {
    const texts: readonly [text: string, stricter?: true][] = [
      ['StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n'],
      [''],
      ['Priority: 10'],
      ['StoreDir:/nix/store\nPriority:3\n'],
      ['StoreDir: /nix/store\r\nPriority: -5\r\n'],
      ['Priority: 12abc\n'],
      ['Priority: abc\n'],
      ['Priority: \n'],
      ['Priority: 99999999999\n'],
      ['StoreDir: /gnu/store\n'],
      ['StoreDir: /nix/store/\n'],
      ['StoreDir: /nix/store\nStoreDir: /gnu/store\n'],
      ['StoreDir: /gnu/store\nStoreDir: /nix/store\n'],
      ['<html>login: <b>now</b></html>\n', true],
    ];
    for (const [text, stricter = false] of texts) {
      it(`${JSON.stringify(text)} is usable as we say`, async () => {
        const folder = await changedCache(app, await readFile(narinfoFile(signedCache, app), 'utf8'));
        await writeFile(join(folder, 'nix-cache-info'), text);
        const { status } = await nix.run(['path-info', '--store', `file://${folder}`, app]);
        const parsed = parseNixCacheInfo(text);
        const usable = parsed.ok && (parsed.value.storeDir ?? STORE_DIR) === STORE_DIR;
        assert.deepEqual([usable, status === 0], stricter ? [false, true] : [usable, usable]);
      });
    }
  });
});

function narinfoFile(cache: string, path: StorePath): string {
  return join(cache, `${storePathHash(path)}.narinfo`);
}

/** A copy of a cache in which one narinfo has another text. */
async function changedCache(path: StorePath, text: string, from: string = signedCache): Promise<string> {
  const folder = join(nix.dir, `changed-${copies++}`);
  await cp(from, folder, { recursive: true });
  await writeFile(narinfoFile(folder, path), text);
  return folder;
}

async function pathInfo(store: string, path: StorePath): Promise<Record<string, unknown>> {
  return firstOf(await nix.succeed(['path-info', '--json', '--store', store, path]));
}

function firstOf(json: string): Record<string, unknown> {
  return (JSON.parse(json) as [Record<string, unknown>])[0];
}

async function nixVerdict(store: string, path: StorePath, keys: string): Promise<string> {
  const { status, stderr } = await nix.run([
    'store',
    'verify',
    '--no-contents',
    '--store',
    store,
    '--trusted-public-keys',
    keys,
    path,
  ]);
  if (status === 0) return 'trusted';
  return status === 2 && stderr.includes('is untrusted') ? 'untrusted' : `error ${status}: ${stderr}`;
}

/** Whether Nix takes the path from this substituter into an empty store. */
async function imports(substituter: string, path: StorePath, keys: string): Promise<boolean> {
  const root = join(nix.dir, `store-${copies++}`);
  await mkdir(root);
  const settings = {
    substituters: substituter,
    'trusted-public-keys': keys,
    'narinfo-cache-positive-ttl': '0',
    'narinfo-cache-negative-ttl': '0',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['--option', name, value]);
  const { status } = await nix.run(['--store', `local?root=${root}`, ...options, '--realise', path], { program: 'nix-store' });
  return status === 0;
}

function parseBuilt(json: string): readonly string[] {
  return (JSON.parse(json) as { outputs: { out: string } }[]).map(({ outputs }) => outputs.out);
}
