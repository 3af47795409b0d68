import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileBinaryCache } from '../../server/src/adapters/fileBinaryCache';
import { nodeFiles } from '../../server/src/adapters/nodeFiles';
import type { StorePathHash } from '../../server/src/domain/storePath';
import { aborted, never } from '../support/abort';

const HASH = '0c0zr5nrzblgzm9aaj5yzpwx3rzblc1m' as StorePathHash;

describe('FileBinaryCache', () => {
  let directory: string;
  const file = (name: string) => path.join(directory, name);
  const open = (at = directory) => new FileBinaryCache(at, nodeFiles);

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'flake-trust-'));
    await writeFile(file('nix-cache-info'), 'StoreDir: /nix/store\n');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const kindOfNarinfo = async () => {
    const answer = await open().narinfo(HASH, never);
    return 'reason' in answer ? `${answer.kind}: ${answer.reason}` : answer.kind;
  };

  it('reads nix-cache-info and narinfos', async () => {
    await writeFile(file(`${HASH}.narinfo`), 'StorePath: x\n');
    assert.deepEqual(await open().info(never), {
      kind: 'found',
      info: { storeDir: '/nix/store', priority: 0, wantMassQuery: false },
    });
    assert.deepEqual(await open().narinfo(HASH, never), { kind: 'found', text: 'StorePath: x\n' });
  });

  it('says absent only where there is a cache', async () => {
    assert.equal(await kindOfNarinfo(), 'absent');
    await rm(file('nix-cache-info'));
    assert.match(await kindOfNarinfo(), /^unreachable: there is no nix-cache-info/);
    assert.deepEqual(await open().info(never), { kind: 'not-a-cache', reason: 'there is no nix-cache-info in the directory' });
  });

  it('creates nothing where Nix would', async () => {
    await rm(file('nix-cache-info'));
    const missing = file('missing/deep');
    for (const at of [directory, missing]) {
      assert.equal((await open(at).info(never)).kind, 'not-a-cache');
      assert.equal((await open(at).narinfo(HASH, never)).kind, 'unreachable');
    }
    assert.deepEqual(await readdir(directory), []);
  });

  it('follows a link to a narinfo, and is held up by nothing that a name may stand for', async () => {
    await writeFile(file('elsewhere'), 'StorePath: x\n');
    await symlink('elsewhere', file(`${HASH}.narinfo`));
    assert.equal(await kindOfNarinfo(), 'found');
    for (const [make, expected] of [
      [() => symlink('nowhere', file(`${HASH}.narinfo`)), /^absent$/],
      [() => symlink(`${HASH}.narinfo`, file(`${HASH}.narinfo`)), /^unreachable: the file cannot be used: symbolic links lead/],
      [() => symlink('/dev/zero', file(`${HASH}.narinfo`)), /^malformed: the file cannot be used: it is not a regular file$/],
      [() => mkdir(file(`${HASH}.narinfo`)), /^malformed: the file cannot be used: it is a folder$/],
      [
        () => Promise.resolve(execFileSync('mkfifo', [file(`${HASH}.narinfo`)])),
        /^malformed: the file cannot be used: it is not a regular file$/,
      ],
      [
        () => writeFile(file(`${HASH}.narinfo`), 'x'.repeat(256 * 1024 + 1)),
        /^malformed: the file cannot be used: it is larger than 256 KiB$/,
      ],
      [() => writeFile(file(`${HASH}.narinfo`), Buffer.from([0x53, 0xff])), /^malformed: the file is not UTF-8 text$/],
    ] as const) {
      await rm(file(`${HASH}.narinfo`), { recursive: true });
      await make();
      assert.match(await kindOfNarinfo(), expected);
    }
  });

  it('says when it may not read', async () => {
    await writeFile(file(`${HASH}.narinfo`), 'StorePath: x\n');
    await chmod(file(`${HASH}.narinfo`), 0);
    // Root reads everything: it becomes nobody for the moment.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    try {
      assert.match(await kindOfNarinfo(), /^unreachable: the file cannot be used: permission denied$/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('tells a nix-cache-info that is none', async () => {
    await writeFile(file('nix-cache-info'), 'Priority: high\n');
    assert.equal((await open().info(never)).kind, 'malformed');
  });

  it('rejects when the signal aborts', async () => {
    await assert.rejects(open().info(aborted));
    await assert.rejects(open().narinfo(HASH, aborted));
  });
});
