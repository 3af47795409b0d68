import assert from 'node:assert/strict';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import type { FlakeFile } from '../../server/src/domain/finding';
import { storePathHash } from '../../server/src/domain/storePath';
import type { NarinfoLookup } from '../../server/src/engine/ports';
import { hover } from '../../server/src/features/hover';
import type { Style } from '../../server/src/features/richText';
import { cursor } from '../support/cursor';
import { fakeCache } from '../support/fakeCache';
import { narHashOf } from '../support/flakeFacts';
import { flakeView, PLAIN_EDITOR, TERMINAL, type ViewSetup, VSCODE } from '../support/flakeView';
import { githubNode, lockText, PLAIN, REV } from '../support/sampleFlake';
import { makeSigner, narinfoText, type NarinfoFields, sourceAddress } from '../support/signer';
import { trustConfiguration } from '../support/trust';

const HASH = narHashOf('nixpkgs');
const PATH = sourceStorePath(HASH);
const NIXOS = 'https://cache.nixos.org';
const CORP = 'https://cache.corp.example';
const MINUTE = 60_000;

/** A cache that has the source of the word, as these fields say. */
function cacheWith(word: string, fields: Partial<NarinfoFields> = {}) {
  const narHash = narHashOf(word);
  const storePath = sourceStorePath(narHash);
  const found: NarinfoLookup = { kind: 'found', text: narinfoText({ storePath, narHash, ...fields }) };
  return fakeCache({ narinfos: [[storePathHash(storePath), found]] });
}

interface Hovered {
  readonly text: string;
  /** The token that the range covers. */
  readonly token: string;
}

/** Hovers over the cursor in the text of one of the two files. */
async function hoverAt(file: FlakeFile, marked: string, setup: ViewSetup = {}, style: Style = VSCODE): Promise<Hovered | null> {
  const { text, offset } = cursor(marked);
  const texts =
    file === 'flake.nix' ? { nix: text, lock: setup.lock ?? PLAIN.lock } : { nix: setup.nix ?? PLAIN.nix, lock: text };
  const view = await flakeView({ ...setup, ...texts });
  const result = hover(view, file, offset, style);
  if (result === null) return null;
  assert.ok(typeof result.contents === 'object' && 'value' in result.contents && result.range !== undefined);
  const document = view.documents[file]!;
  return { text: result.contents.value, token: document.getText(result.range) };
}

const MARKED = PLAIN.nix.replace('.nixpkgs.url', '.nix|pkgs.url');
const ACTIONS =
  '[Details](command:flakeTrust.showInput?%5B%22ref-1%22%5D) · [Check again](command:flakeTrust.checkInput?%5B%22ref-1%22%5D) · ' +
  `[Copy evidence](command:flakeTrust.copyEvidence?%5B%22ref-1%22%5D) · [Source at this revision](https://github.com/NixOS/nixpkgs/tree/${REV})`;

const START = '[Start Vetting Here](command:flakeTrust.startVetting?%5B%22ref-2%22%5D)';

/** A golden text: lines as they are seen, without the two spaces that break them. */
function lines(text: string | undefined): string[] {
  return (text ?? '').split('\n').map((line) => line.trimEnd());
}

describe('hover', () => {
  it('says everything about a public input whose signature was checked', async () => {
    const signer = makeSigner('cache.nixos.org-1');
    const hovered = await hoverAt('flake.nix', MARKED, {
      caches: { [NIXOS]: cacheWith('nixpkgs', { signers: [signer] }) },
      configuration: trustConfiguration([{ url: NIXOS }], [signer.publicKey]),
    });
    assert.deepEqual(lines(hovered?.text), [
      '**nixpkgs** · `github:NixOS/nixpkgs/nixos-unstable`',
      '',
      '$(lock) **Source** locked `a1b2c3d` · 2 Nov 2026, 20 days old · `sha256-2T/H0Q…Kqo=`',
      '$(circle-outline) **Binaries** built from it: not checked yet · [Check Binaries](command:flakeTrust.checkBinaries?%5B%22ref-1%22%5D)',
      '$(verified) **Cache** `cache.nixos.org` has this source, signed by `cache.nixos.org-1`, a key that you trust · checked 12 min ago',
      `$(circle-outline) **Vetting** no policy · ${START}`,
      '',
      ACTIONS,
    ]);
    assert.equal(hovered?.token, 'nixpkgs');
  });

  it('says of the common plain case that it is plain', async () => {
    const hovered = await hoverAt('flake.nix', MARKED, {
      caches: { [NIXOS]: fakeCache(), [CORP]: fakeCache() },
      age: 3 * 60_000,
    });
    assert.deepEqual(lines(hovered?.text).slice(2), [
      '$(lock) **Source** locked `a1b2c3d` · 2 Nov 2026, 20 days old · `sha256-2T/H0Q…Kqo=`',
      '$(circle-outline) **Binaries** built from it: not checked yet · [Check Binaries](command:flakeTrust.checkBinaries?%5B%22ref-1%22%5D)',
      '$(database) **Cache** not found in 2 of 2 caches (normal for sources) · checked 3 min ago',
      `$(circle-outline) **Vetting** no policy · ${START}`,
      '',
      ACTIONS,
    ]);
  });

  it('has at most six lines above the fold', async () => {
    const hovered = await hoverAt('flake.nix', MARKED, { caches: { [NIXOS]: fakeCache() } });
    assert.equal(lines(hovered?.text).filter((line) => line !== '').length, 6);
  });

  const cacheLine = async (setup: ViewSetup) => {
    const hovered = await hoverAt('flake.nix', MARKED, setup);
    return lines(hovered?.text).find((line) => line.includes('**Cache**'));
  };
  const stranger = makeSigner('stranger-1');
  const acme = makeSigner('acme-1');

  it('says that nothing was checked yet', async () => {
    const configuration = trustConfiguration([{ url: NIXOS }]);
    assert.equal(await cacheLine({ configuration }), '$(circle-outline) **Cache** not checked yet');
    assert.equal(
      await cacheLine({ configuration, access: 'manual' }),
      '$(circle-outline) **Cache** not checked yet (network mode is manual)',
    );
    assert.equal(await cacheLine({}), '$(circle-slash) **Cache** none configured that can be asked');
  });

  it('shows another hash before everything else', async () => {
    const narHash = narHashOf('other');
    const text = narinfoText({ storePath: PATH, narHash, signers: [acme] });
    const cache = fakeCache({ narinfos: [[storePathHash(PATH), { kind: 'found', text }]] });
    const configuration = trustConfiguration([{ url: CORP }], [acme.publicKey]);
    assert.equal(
      await cacheLine({ caches: { [CORP]: cache }, configuration }),
      '$(error) **Cache** `cache.corp.example` has another hash than flake.lock: `sha256-2SmKEN…z/o=`, locked is `sha256-2T/H0Q…Kqo=` · checked 12 min ago',
    );
    assert.match((await cacheLine({ caches: { [CORP]: cache }, configuration, access: 'offline' })) ?? '', /another hash/);
  });

  it('shows both, where a cache has another hash and a false signature', async () => {
    const text = narinfoText({ storePath: PATH, narHash: narHashOf('other'), signers: [acme], forged: true });
    const cache = fakeCache({ narinfos: [[storePathHash(PATH), { kind: 'found', text }]] });
    const line = await cacheLine({
      caches: { [CORP]: cache },
      configuration: trustConfiguration([{ url: CORP }], [acme.publicKey]),
    });
    assert.match(line ?? '', /has another hash than flake\.lock.* sent a signature by `acme-1` that does \*\*not\*\* verify/);
  });

  it('shows a signature that does not verify', async () => {
    assert.equal(
      await cacheLine({
        caches: { [CORP]: cacheWith('nixpkgs', { signers: [acme], forged: true }) },
        configuration: trustConfiguration([{ url: CORP }], [acme.publicKey]),
      }),
      '$(error) **Cache** `cache.corp.example` sent a signature by `acme-1` that does **not** verify · checked 12 min ago',
    );
  });

  it('does not call a stranger a signer', async () => {
    assert.equal(
      await cacheLine({ caches: { [CORP]: cacheWith('nixpkgs', { signers: [stranger] }) } }),
      '$(database) **Cache** `cache.corp.example` has this source, signed only by keys that you do not trust: `stranger-1` · checked 12 min ago',
    );
  });

  it('says that pinned content needs no signature', async () => {
    assert.equal(
      await cacheLine({ caches: { [CORP]: cacheWith('nixpkgs', { ca: sourceAddress(HASH) }) } }),
      '$(database) **Cache** `cache.corp.example` has this source; its content is pinned, so it needs no signature · checked 12 min ago',
    );
  });

  it('keeps "could not be checked" apart from "not found"', async () => {
    const down = fakeCache({ info: { kind: 'unreachable', reason: 'no answer in 10 s' } });
    assert.equal(
      await cacheLine({ caches: { [NIXOS]: down }, age: MINUTE }),
      '$(debug-disconnect) **Cache** could not be checked: `cache.nixos.org` did not answer (no answer in 10 s)',
    );
    assert.equal(
      await cacheLine({ caches: { [NIXOS]: down, [CORP]: fakeCache() }, age: MINUTE }),
      '$(database) **Cache** not found in 1 of 2 caches · could not be checked: `cache.nixos.org` did not answer (no answer in 10 s) · checked 1 min ago',
    );
    const locked = fakeCache({ narinfos: [[storePathHash(PATH), { kind: 'unauthorized', reason: 'status 401' }]] });
    assert.equal(
      await cacheLine({ caches: { [CORP]: locked }, age: MINUTE }),
      '$(debug-disconnect) **Cache** could not be checked: `cache.corp.example` would not say (status 401)',
    );
  });

  it('shows the last result with its age when offline', async () => {
    assert.equal(
      await cacheLine({ caches: { [NIXOS]: cacheWith('nixpkgs') }, access: 'offline', age: 3 * 86_400_000 }),
      '$(debug-disconnect) **Cache** not checked: offline mode (last result 3 days ago: found)',
    );
  });

  it('asks for trust in Restricted Mode, and offers no check', async () => {
    const hovered = await hoverAt('flake.nix', MARKED, {
      configuration: trustConfiguration([{ url: NIXOS }]),
      access: 'restricted',
    });
    assert.match(
      hovered?.text ?? '',
      /\$\(workspace-untrusted\) \*\*Cache\*\* not checked: this folder is in Restricted Mode · \[Manage trust\]\(command:workbench\.trust\.manage\)/,
    );
    assert.doesNotMatch(hovered?.text ?? '', /Check again/);
  });

  it('tells no public cache of a private input, and links to no host', async () => {
    const nix =
      '{\n  inputs.lib.url = "git+ssh://git:secret@git.corp.example/platform/li|b";\n  outputs = { self, lib }: { };\n}\n';
    const node = {
      locked: {
        type: 'git',
        url: 'ssh://git@git.corp.example/platform/lib',
        rev: REV,
        narHash: narHashOf('lib'),
        lastModified: 1,
        ref: 'main',
      },
      original: { type: 'git', url: 'ssh://git@git.corp.example/platform/lib' },
    };
    const hovered = await hoverAt('flake.nix', nix, {
      lock: lockText({ lib: 'lib' }, { lib: node }),
      configuration: trustConfiguration([{ url: NIXOS }]),
    });
    const [identity] = lines(hovered?.text);
    assert.equal(identity, '**lib** · `git+ssh://git.corp.example/platform/lib` · _private_');
    assert.match(
      hovered?.text ?? '',
      /\$\(circle-slash\) \*\*Cache\*\* not asked: private \(.*\), and private inputs are not sent to public caches/,
    );
    assert.doesNotMatch(hovered?.text ?? '', /https:|secret/);
  });

  it('names lock findings on the source line', async () => {
    const lock = lockText(
      { nixpkgs: 'nixpkgs' },
      { nixpkgs: githubNode('NixOS', 'nixpkgs', { ref: 'nixos-unstable', locked: { owner: 'evil' } }) },
    );
    const hovered = await hoverAt('flake.nix', MARKED, { lock });
    assert.match(hovered?.text ?? '', /\$\(error\) \*\*Source\*\* .* · \*\*not what was asked for\*\*/);
    assert.match(hovered?.text ?? '', /\[What this means\]\(command:flakeTrust\.explain\?%5B%22lock-tampered%22%5D\)/);
  });

  it('has words instead of icons and commands for a plain editor', async () => {
    const hovered = await hoverAt('flake.nix', MARKED, { caches: { [NIXOS]: fakeCache() } }, PLAIN_EDITOR);
    assert.doesNotMatch(hovered?.text ?? '', /\$\(|command:/);
    assert.deepEqual(lines(hovered?.text).at(-1), `[Source at this revision](https://github.com/NixOS/nixpkgs/tree/${REV})`);
  });

  it('is plain text where the editor shows no Markdown', async () => {
    const hovered = await hoverAt('flake.nix', MARKED, { caches: { [NIXOS]: fakeCache() } }, TERMINAL);
    assert.equal(
      hovered?.text,
      [
        'nixpkgs · github:NixOS/nixpkgs/nixos-unstable',
        '',
        'Source: locked a1b2c3d · 2 Nov 2026, 20 days old · sha256-2T/H0Q…Kqo=',
        'Binaries: built from it: not checked yet',
        'Cache: not found in 1 of 1 cache (normal for sources) · checked 12 min ago',
        'Vetting: no policy',
        '',
        `Source at this revision https://github.com/NixOS/nixpkgs/tree/${REV}`,
      ].join('\n'),
    );
  });
});

describe('hover: where', () => {
  const HOME = {
    nix: `{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    home-manager = {
      url = "github:nix-community/home-manager";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    gone.follows = "home-manager/nowhere";
  };
  outputs = { self, nixpkgs, home-manager, extra, ... }: { };
}
`,
    lock: lockText(
      { nixpkgs: 'nixpkgs', 'home-manager': 'home-manager', gone: ['home-manager', 'nowhere'], extra: 'extra' },
      {
        nixpkgs: githubNode('NixOS', 'nixpkgs', { ref: 'nixos-unstable' }),
        'home-manager': githubNode('nix-community', 'home-manager', { inputs: { nixpkgs: ['nixpkgs'], utils: 'utils_2' } }),
        utils_2: githubNode('numtide', 'flake-utils'),
        extra: githubNode('example', 'extra', { original: { type: 'indirect', id: 'extra', owner: undefined, repo: undefined } }),
        orphan: githubNode('example', 'orphan'),
      },
    ),
  };

  /** Puts the cursor before the `n`th occurrence of a text, after `skip` characters of it. */
  const at = (text: string, needle: string, n = 0, skip = 0): string => {
    let found = -1;
    for (let i = 0; i <= n; i++) found = text.indexOf(needle, found + 1);
    assert.ok(found >= 0, needle);
    return `${text.slice(0, found + skip)}|${text.slice(found + skip)}`;
  };

  const places: [what: string, file: FlakeFile, marked: string, token: string, first: RegExp][] = [
    [
      'a name',
      'flake.nix',
      at(HOME.nix, 'home-manager = {'),
      'home-manager',
      /^\*\*home-manager\*\* · `github:nix-community\/home-manager`/,
    ],
    ['a URL', 'flake.nix', at(HOME.nix, 'nix-community'), 'github:nix-community/home-manager', /^\*\*home-manager\*\*/],
    ['the target of follows', 'flake.nix', at(HOME.nix, '"nixpkgs"', 0, 1), 'nixpkgs', /^\*\*nixpkgs\*\* · `github:NixOS/],
    [
      'the name of an override',
      'flake.nix',
      at(HOME.nix, 'nixpkgs.follows'),
      'nixpkgs',
      /^\*\*home-manager\/nixpkgs\*\* .* · follows `nixpkgs`/,
    ],
    ['an argument of outputs', 'flake.nix', at(HOME.nix, 'nixpkgs, home-manager, extra'), 'nixpkgs', /^\*\*nixpkgs\*\*/],
    ['an implicit input', 'flake.nix', at(HOME.nix, 'extra'), 'extra', /^\*\*extra\*\*/],
    ['a target that does not exist', 'flake.nix', at(HOME.nix, 'home-manager/nowhere'), 'home-manager/nowhere', /^\*\*gone\*\*/],
    [
      'a node key',
      'flake.lock',
      at(HOME.lock, '"utils_2": {', 0, 3),
      'utils_2',
      /^\*\*home-manager\/utils\*\* · `github:numtide\/flake-utils`/,
    ],
    ['the key of a direct input', 'flake.lock', at(HOME.lock, '"nixpkgs": {', 0, 3), 'nixpkgs', /^\*\*nixpkgs\*\*/],
    ['an input of a node', 'flake.lock', at(HOME.lock, '"utils": "utils_2"', 0, 2), 'utils', /^\*\*home-manager\/utils\*\*/],
    ['where an input of a node leads', 'flake.lock', at(HOME.lock, '"utils_2"', 0, 2), 'utils_2', /^\*\*home-manager\/utils\*\*/],
    ['an attribute of a locked block', 'flake.lock', at(HOME.lock, '"numtide"', 0, 2), 'numtide', /^\*\*home-manager\/utils\*\*/],
    ['its name', 'flake.lock', at(HOME.lock, '"narHash"', 0, 0), 'narHash', /^\*\*/],
    [
      'a node to which nothing leads',
      'flake.lock',
      at(HOME.lock, '"orphan"', 0, 2),
      'orphan',
      /^\*\*orphan\*\*[^]*no input leads to this node/,
    ],
  ];
  for (const [what, file, marked, token, first] of places)
    it(`answers on ${what}, with exactly the token as range`, async () => {
      const hovered = await hoverAt(file, marked, file === 'flake.nix' ? { lock: HOME.lock } : { nix: HOME.nix });
      assert.equal(hovered?.token, token);
      assert.match(hovered.text, first);
    });

  const silent: [what: string, file: FlakeFile, marked: string][] = [
    ['self', 'flake.nix', at(HOME.nix, 'self')],
    ['the keyword inputs', 'flake.nix', at(HOME.nix, 'inputs = {')],
    ['white space', 'flake.nix', at(HOME.nix, '\n  outputs', 0, 1)],
    ['the root node', 'flake.lock', at(HOME.lock, '"root": {', 0, 2)],
    ['the version', 'flake.lock', at(HOME.lock, '"version"', 0, 2)],
  ];
  for (const [what, file, marked] of silent)
    it(`says nothing on ${what}`, async () => {
      assert.equal(await hoverAt(file, marked, file === 'flake.nix' ? { lock: HOME.lock } : { nix: HOME.nix }), null);
    });

  it('says why nothing is locked', async () => {
    const source = async (lock: string | undefined) => {
      const { text, offset } = cursor(MARKED);
      const view = await flakeView({ nix: text, ...(lock === undefined ? {} : { lock }) });
      const result = hover(view, 'flake.nix', offset, TERMINAL);
      return (result?.contents as { value: string } | undefined)?.value.split('\n')[2];
    };
    assert.equal(await source(undefined), 'Source: no flake.lock, so nothing can be checked');
    assert.match((await source('{')) ?? '', /^Source: flake\.lock cannot be read, so nothing can be checked/);
    assert.match((await source(lockText({}, {}))) ?? '', /^Source: not in flake\.lock yet, so nothing can be checked/);
  });
});

describe('hover: foreign text', () => {
  const HOSTILE = [
    '](command:workbench.action.quit)',
    '![x](https://tracker.example/x.png)',
    '<img src=https://tracker.example>',
    '$(verified) signed by cache.nixos.org-1',
    '`**bold**`',
    '\u202Egnp.exe',
    'a\nb\n# heading',
    'https://tracker.example',
    'www.tracker.example',
    '__proto__',
    'x'.repeat(5000),
  ];

  for (const name of HOSTILE)
    it(`stays text: ${JSON.stringify(name).slice(0, 60)}`, async () => {
      const quoted = JSON.stringify(name).replaceAll('${', '\\${');
      const nix = `{ inputs.|${quoted}.url = ${JSON.stringify(`github:a/b?dir=${name}`)}; outputs = _: { }; }`;
      const node = githubNode('a', 'b', { locked: { rev: name }, original: { dir: name } });
      const hovered = await hoverAt('flake.nix', nix, { lock: lockText({ [name]: 'node' }, { node }) });
      const text = hovered?.text ?? assert.fail('no hover');
      // Outside of code spans, and but for our own links, nothing can act.
      const rest = text
        .replace(/(`+)(?!`)[^]*?[^`]\1(?!`)/g, '')
        .replace(
          /\[(?:Details|Check again|Check Binaries|Copy evidence|What this means|Start Vetting Here)\]\(command:flakeTrust\.\w+\?%5B%22[\w-]+%22%5D\)/g,
          '',
        );
      assert.doesNotMatch(rest, /(?<!\\)[[\]<>!]/);
      assert.doesNotMatch(rest, /https?:\/\/|www\.|command:/);
      assert.doesNotMatch(text, /[\u202E\u0000-\u0009]/);
      assert.deepEqual(
        [...new Set(text.match(/\$\([a-z-]+\)/g))].filter((icon) => icon === '$(verified)'),
        [],
      );
      assert.ok(text.length < 2000);
    });
});

describe('hover: nixConfig', () => {
  const KNOWN = 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
  const own = makeSigner('corp-1');
  const nix = (value: string) =>
    `{ nixConfig = { extra-substituters = [ "https://cache.acme.example" ]; ${value}; }; outputs = _: { }; }`;
  const textAt = async (value: string, setup: ViewSetup = {}) => (await hoverAt('flake.nix', nix(value), setup))?.text ?? '';

  it('says of a cache that only the repository names it', async () => {
    const hovered = await hoverAt('flake.nix', nix('').replace('cache.acme', 'cache|.acme').replace('; ;', ';'));
    assert.equal(hovered?.token, 'https://cache.acme.example');
    assert.deepEqual(lines(hovered.text), [
      '**`cache.acme.example`** · `https://cache.acme.example` · _named by this flake_',
      '',
      '$(circle-slash) **Cache** not asked: only this repository names it',
      '$(key) **Keys** none named that could sign for it',
      '$(warning) **Finding** no key for this cache',
      '',
      "[Accept this flake's caches…](command:flakeTrust.acceptCaches?%5B%22ref-1%22%5D)",
    ]);
  });

  it('says of a key whether it is trusted and known', async () => {
    const hovered = await hoverAt('flake.nix', nix(`extra-trusted-public-keys = [ "|${KNOWN}" ]`));
    assert.equal(hovered?.token, KNOWN);
    assert.match(hovered.text, /^\*\*`cache\.nixos\.org-1`\*\* · public key · _named by this flake_/);
    assert.match(hovered.text, /\*\*Trust\*\* not in your trusted keys: its signatures do not count/);
    assert.match(hovered.text, /\*\*Known\*\* as the key of `cache\.nixos\.org`/);
    assert.match(hovered.text, /\[Add trusted key…\]\(command:flakeTrust\.addKey\?/);
    const trusted = await textAt(`extra-trusted-public-keys = [ "|${KNOWN}" ]`, {
      configuration: trustConfiguration([], [KNOWN]),
    });
    assert.match(trusted, /\$\(verified\) \*\*Trust\*\* in your trusted keys/);
    assert.doesNotMatch(trusted, /Add trusted key/);
  });

  it('warns of a known or trusted name with other bytes', async () => {
    const other = makeSigner('cache.nixos.org-1').publicKey;
    assert.match(
      await textAt(`extra-trusted-public-keys = [ "|${other}" ]`),
      /\$\(error\) \*\*Known\*\* .* is known to use \*\*another\*\* key of this name/,
    );
    const second = makeSigner('corp-1').publicKey;
    assert.match(
      await textAt(`extra-trusted-public-keys = [ "|${second}" ]`, { configuration: trustConfiguration([], [own.publicKey]) }),
      /\$\(error\) \*\*Trust\*\* you trust \*\*another\*\* key of this name/,
    );
  });

  it('does not repeat what may be a secret key', async () => {
    const secret = `k-1:${Buffer.alloc(64, 7).toString('base64')}`;
    const text = await textAt(`extra-trusted-public-keys = [ "|${secret}" ]`);
    assert.match(text, /is a secret key, not a public one/);
    assert.doesNotMatch(text, /BwcH/);
  });

  it('says nothing on settings that name neither caches nor keys', async () => {
    assert.equal(await hoverAt('flake.nix', nix('allow-dirty = "|x"')), null);
  });
});
