import assert from 'node:assert/strict';
import path from 'node:path';
import { gitHistory } from '../../../server/src/adapters/vetting/gitHistory';
import { temporaryFolder } from '../../support/flakeDir';
import { makeHostileClone } from '../../support/hostileClone';

const { signal } = new AbortController();

describe('the diff of two revisions', () => {
  let dir: string;
  let remove: () => void;
  beforeEach(() => ({ dir, remove } = temporaryFolder()));
  afterEach(() => remove());

  const git = () => {
    const environment = { variables: { PATH: process.env['PATH'] ?? '' }, home: dir, platform: 'linux' as const };
    return gitHistory({ environment, foreignFolders: [] });
  };

  it('is cut behind a whole line where it is too long', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`).join('');
    const [from = '', to = ''] = makeHostileClone(path.join(dir, 'clone'), ['', lines]);
    const repository = path.join(dir, 'clone', '.git');
    const whole = await git().diff(repository, { from, to }, 1024 * 1024, signal);
    assert.equal(whole?.cut, false);
    assert.ok(whole.text.endsWith('+line 19999\n'));
    const cut = await git().diff(repository, { from, to }, 10_000, signal);
    assert.equal(cut?.cut, true);
    assert.ok(cut.text.length <= 10_000 && cut.text.length > 9_000, `${cut.text.length}`);
    assert.ok(whole.text.startsWith(cut.text));
    assert.match(cut.text, /\+line \d+\n$/);
  });

  it('is of commits alone: a word that git would take for an option is none', async () => {
    const [from = ''] = makeHostileClone(path.join(dir, 'clone'));
    const repository = path.join(dir, 'clone', '.git');
    for (const to of ['--output=/tmp/x', 'HEAD', ''])
      assert.equal(await git().diff(repository, { from, to }, 1000, signal), undefined);
  });
});
