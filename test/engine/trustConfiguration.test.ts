import assert from 'node:assert/strict';
import {
  loadTrustConfiguration,
  type ConfigurationRequest,
  type TrustConfiguration,
} from '../../server/src/engine/trustConfiguration';
import { never } from '../support/abort';
import { environment, memoryFiles } from '../support/memoryFiles';
import { makeSigner } from '../support/signer';
import { secretKeyText } from '../support/secretKeyText';

type Contents = Parameters<typeof memoryFiles>[0];

const REQUEST: ConfigurationRequest = {
  nixConf: true,
  extraSubstituters: [],
  extraTrustedPublicKeys: [],
  caches: [],
  settingsKeys: [],
};
const CONF = '/etc/nix/nix.conf';
const NIXOS = 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';

/** A key made for the test. */
const key = (name: string): string => makeSigner(name).publicKey;

function load(
  request: Partial<ConfigurationRequest>,
  contents: Contents = {},
  variables: Record<string, string> = {},
): Promise<TrustConfiguration> {
  return loadTrustConfiguration({ ...REQUEST, ...request }, memoryFiles(contents), environment(variables), never);
}

function urls({ caches }: TrustConfiguration): readonly string[] {
  return caches.map(({ substituter, origin }) => `${origin} ${substituter.url}`);
}

function keys({ trusted }: TrustConfiguration): readonly string[] {
  return [...trusted.byName.values()].map(({ text }) => text);
}

describe('loadTrustConfiguration', () => {
  describe('caches', () => {
    it('are those of nix.conf, whose default is cache.nixos.org', async () => {
      const configuration = await load({});
      assert.deepEqual(urls(configuration), ['nix.conf https://cache.nixos.org']);
      assert.deepEqual(keys(configuration), [NIXOS]);
      assert.deepEqual(configuration.problems, []);
    });

    it('are none without nix.conf and without names', async () => {
      const configuration = await load({ nixConf: false }, { [CONF]: 'substituters = https://a.example' });
      assert.deepEqual([urls(configuration), keys(configuration)], [[], []]);
      assert.equal(configuration.requireSignatures, true);
    });

    it('come in the order nix.conf, command line, settings', async () => {
      const configuration = await load(
        { extraSubstituters: ['https://b.example'], caches: [{ url: 'https://c.example' }] },
        { [CONF]: 'substituters = https://a.example' },
      );
      assert.deepEqual(urls(configuration), [
        'nix.conf https://a.example',
        'command-line https://b.example',
        'settings https://c.example',
      ]);
    });

    it('of --substituters replace those of nix.conf', async () => {
      const configuration = await load({ substituters: ['https://b.example'], extraSubstituters: ['https://c.example'] });
      assert.deepEqual(urls(configuration), ['command-line https://b.example', 'command-line https://c.example']);
    });

    it('are listed once, under the first name', async () => {
      const configuration = await load(
        { caches: [{ url: 'https://CACHE.nixos.org:443/', private: true, keys: [NIXOS] }] },
        { [CONF]: 'substituters = https://cache.nixos.org https://cache.nixos.org/' },
      );
      assert.deepEqual(urls(configuration), ['nix.conf https://cache.nixos.org']);
      assert.equal(configuration.caches[0]?.private, true);
    });

    it('named twice allow what either allows', async () => {
      const text = 'substituters = https://a.example?priority=5 https://me:pw@a.example?trusted=1&priority=3 https://a.example';
      const [cache] = (await load({}, { [CONF]: text })).caches;
      assert.equal(cache?.substituter.trusted, true);
      assert.equal(cache.substituter.priority, 3);
      assert.deepEqual(cache.substituter.credentials, { user: 'me', password: 'pw' });
    });

    it('of trusted-substituters are not among them', async () => {
      const configuration = await load({}, { [CONF]: 'substituters =\ntrusted-substituters = https://a.example' });
      assert.deepEqual(urls(configuration), []);
    });

    it('that cannot be asked say why', async () => {
      const { caches } = await load(
        {},
        { [CONF]: 'substituters = ssh://h daemon https://a.example?store=/other https://b.example?store=/nix/store/' },
      );
      assert.deepEqual(
        caches.map(({ ask, reason }) => [ask, reason]),
        [
          [false, 'reached over ssh, which Flake Trust does not open'],
          [false, 'a Nix daemon on this machine, not a binary cache'],
          [false, 'made for the store directory /other, not /nix/store'],
          [true, undefined],
        ],
      );
    });

    it('are private when marked, local, or on a host of their own network', async () => {
      const text =
        'substituters = https://a.example file:///c http://cache.corp http://[::1]:8080 http://10.1.2.3 s3://b s3://b?endpoint=minio.lan';
      const { caches } = await load({ caches: [{ url: 'https://p.example', private: true }] }, { [CONF]: text });
      assert.deepEqual(
        caches.map((cache) => cache.private),
        [false, true, true, true, true, false, true, true],
      );
    });

    it('that are wrong are reported with their place, without their password, and the others count', async () => {
      const text =
        '\nextra-substituters = https://me:s3cret@a.example?priority=x https://b.example?foo=1 nonsense x://y https://me:s3cret@a|b';
      const configuration = await load({ extraSubstituters: ['nonsense'] }, { [CONF]: text });
      assert.deepEqual(urls(configuration), ['nix.conf https://cache.nixos.org', 'nix.conf https://b.example']);
      assert.doesNotMatch(JSON.stringify(configuration.problems), /s3cret/);
      const messages = configuration.problems.map(({ message, line }) => [message, line]);
      assert.deepEqual(messages, [
        [
          'The substituter "https://…@a.example" has the parameter "priority" with a value that Nix refuses, so Nix does not use it.',
          2,
        ],
        ['The substituter "https://b.example" has the parameter "foo", which Nix ignores.', 2],
        ['The substituter "nonsense" is not the URL of a store.', 2],
        ['The substituter "x://y" has the scheme "x", which Nix does not know.', 2],
        ['The substituter "https://…@a|b" is not the URL of a store.', 2],
        ['The substituter "nonsense" is not the URL of a store.', undefined],
      ]);
    });
  });

  describe('keys', () => {
    it('are those of nix.conf, the command line, the settings and the caches there, in this order', async () => {
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(key);
      assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
      const configuration = await load(
        { extraTrustedPublicKeys: [b], settingsKeys: [c], caches: [{ url: 'https://a.example', keys: [d] }] },
        { [CONF]: `trusted-public-keys = ${a}` },
      );
      assert.deepEqual(keys(configuration), [a, b, c, d]);
    });

    it('of --trusted-public-keys replace those of nix.conf', async () => {
      const [a, b] = [key('a'), key('b')];
      assert.deepEqual(keys(await load({ trustedPublicKeys: [a], extraTrustedPublicKeys: [b] })), [a, b]);
    });

    it('that come first hide others of their name', async () => {
      const other = key('cache.nixos.org-1');
      const configuration = await load({ settingsKeys: [other] });
      assert.deepEqual(keys(configuration), [NIXOS]);
      assert.deepEqual(configuration.problems, [
        { message: 'The trusted public key "cache.nixos.org-1" is hidden by another one of that name before it.' },
      ]);
    });

    it('that are none are reported without what may be a secret', async () => {
      const secret = `k:${Buffer.alloc(64, 7).toString('base64')}`;
      const { problems } = await load({ settingsKeys: ['nonsense'] }, { [CONF]: `\n\nextra-trusted-public-keys = ${secret}` });
      assert.equal(problems.length, 2);
      assert.match(problems[0]?.message ?? '', /^The trusted public key "k" is a secret key/);
      assert.deepEqual([problems[0]?.file, problems[0]?.line], [CONF, 3]);
      assert.match(problems[1]?.message ?? '', /^A trusted public key is not in the form name:base64/);
      assert.doesNotMatch(JSON.stringify(problems), /BwcH/);
    });

    it('of the user, with which Nix signs, are trusted where they can be read', async () => {
      const signer = makeSigner('me');
      const file = secretKeyText(signer);
      const contents: Contents = {
        [CONF]: 'trusted-public-keys =\nsecret-key-files = /k /denied /absent relative /nonsense',
        '/k': file,
        '/denied': { kind: 'failed', reason: 'permission denied' },
        relative: file,
        '/nonsense': 'nonsense',
      };
      const configuration = await load({}, contents);
      assert.deepEqual(keys(configuration), [signer.publicKey]);
      assert.deepEqual(configuration.problems, []);
    });
  });

  describe('netrc', () => {
    const netrc = 'machine a.example login me password pw';

    it('is the file of nix.conf', async () => {
      const configuration = await load({}, { '/etc/nix/netrc': netrc });
      assert.deepEqual(configuration.credentialsFor('a.example'), { login: 'me', password: 'pw' });
      assert.equal(configuration.credentialsFor('b.example'), undefined);
      assert.doesNotMatch(JSON.stringify(configuration), /"pw"|password/);
    });

    it('is the file that was asked for', async () => {
      const configuration = await load({ nixConf: false, netrcFile: '/n' }, { '/n': netrc, '/etc/nix/netrc': '' });
      assert.equal(configuration.credentialsFor('a.example')?.login, 'me');
    });

    it('is not read when it is turned off, nor without nix.conf', async () => {
      for (const request of [{ netrcFile: '' }, { nixConf: false }]) {
        assert.equal((await load(request, { '/etc/nix/netrc': netrc })).credentialsFor('a.example'), undefined);
      }
      assert.equal((await load({}, { [CONF]: 'netrc-file =', '': netrc })).credentialsFor('a.example'), undefined);
    });

    it('that cannot be read is a problem; one that is not there only when it was asked for', async () => {
      const denied: Contents = { '/etc/nix/netrc': { kind: 'failed', reason: 'permission denied' } };
      assert.match((await load({}, denied)).problems[0]?.message ?? '', /^The netrc file cannot be read \(permission denied\)/);
      assert.deepEqual((await load({})).problems, []);
      assert.deepEqual((await load({ netrcFile: '/n' })).problems, [{ file: '/n', message: 'The netrc file does not exist.' }]);
    });
  });

  it('takes over require-sigs, the certificates and the store directory', async () => {
    const configuration = await load(
      {},
      { [CONF]: 'require-sigs = false\nssl-cert-file = /ca.pem' },
      { NIX_STORE_DIR: '/my/store/' },
    );
    assert.equal(configuration.requireSignatures, false);
    assert.equal(configuration.sslCertFile, '/ca.pem');
    assert.equal(configuration.storeDir, '/my/store');
    assert.equal((await load({ storeDir: '/other' }, {}, { NIX_STORE_DIR: '/my' })).storeDir, '/other');
    assert.equal((await load({}, {}, { NIX_STORE_DIR: '' })).storeDir, '/nix/store');
    assert.equal((await load({ nixConf: false }, {}, { SSL_CERT_FILE: '/e.pem' })).sslCertFile, '/e.pem');
  });

  it('hands on the problems of nix.conf', async () => {
    assert.deepEqual((await load({}, { [CONF]: 'x' })).problems, [
      { file: CONF, line: 1, message: 'This line is not of the form `name = value`: Nix refuses to start with it.' },
    ]);
  });
});
