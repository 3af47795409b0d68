import assert from 'node:assert/strict';
import { Configurations } from '../../server/src/lsp/configurations';
import type { ServerHost } from '../../server/src/lsp/host';
import { DEFAULT_SETTINGS } from '../../server/src/settings';
import type { FileRead } from '../../server/src/engine/ports';
import { fakeLog } from '../support/fakeLog';
import { environment } from '../support/memoryFiles';

const CONF = '/etc/nix/nix.conf';
const NETRC = '/home/me/netrc';

describe('the configuration of the user', () => {
  function setUp(netrc: string) {
    const files = new Map<string, FileRead>([
      [CONF, { kind: 'read', text: `substituters = https://one.example nonsense\nnetrc-file = ${NETRC}\n` }],
      [NETRC, { kind: 'read', text: netrc }],
    ]);
    const log = fakeLog();
    const host = {
      files: { read: (path: string) => Promise.resolve(files.get(path) ?? { kind: 'absent' }) },
      environment: environment(),
    } as unknown as ServerHost;
    const configurations = new Configurations(host, log);
    const read = () => configurations.of(DEFAULT_SETTINGS);
    return { files, log, configurations, read };
  }

  it('is the same object when it is read again and nothing changed, and its problems are told once', async () => {
    const { log, configurations, read } = setUp('machine one.example login me password old');
    const first = await read();
    assert.equal(await read(), first);
    configurations.forget();
    assert.equal(await read(), first);
    assert.equal(log.lines.filter((line) => line.includes('nonsense')).length, 1);
  });

  it('is renewed, and those who do not wait for that get the old one', async () => {
    const { files, configurations, read } = setUp('machine one.example login me password old');
    const first = await read();
    files.set(NETRC, { kind: 'read', text: 'machine one.example login me password new' });
    const renewing = configurations.renew();
    assert.equal(await read(), first);
    await renewing;
    const second = await read();
    assert.equal(second.configuration.credentialsFor('one.example')?.password, 'new');
    const overtaken = configurations.renew();
    configurations.forget();
    files.set(NETRC, { kind: 'read', text: 'machine one.example login me password newest' });
    await overtaken;
    assert.equal((await read()).configuration.credentialsFor('one.example')?.password, 'newest');
  });

  it('is another one when any file changed, also one that is only read for a login', async () => {
    const { files, configurations, read } = setUp('machine one.example login me password old');
    const first = await read();
    files.set(NETRC, { kind: 'read', text: 'machine one.example login me password new' });
    assert.equal(await read(), first, 'nothing was forgotten');
    configurations.forget();
    const second = await read();
    assert.equal(second.configuration.credentialsFor('one.example')?.password, 'new');
    assert.equal(first.configuration.credentialsFor('one.example')?.password, 'old');
    files.delete(CONF);
    configurations.forget();
    assert.notDeepEqual((await read()).configuration.caches, second.configuration.caches);
  });
});
