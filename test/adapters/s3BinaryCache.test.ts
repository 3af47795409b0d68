import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { findAwsCredentials } from '../../server/src/adapters/awsCredentials';
import { addressesOf, openBinaryCache } from '../../server/src/adapters/binaryCaches';
import type { StorePathHash } from '../../server/src/domain/storePath';
import type { TransportRequest } from '../../server/src/engine/ports';
import { never } from '../support/abort';
import { clockAt } from '../support/fakeClock';
import { environment, memoryFiles } from '../support/memoryFiles';
import { answered, scriptedTransport, type Answer } from '../support/scriptedTransport';
import { configuredCache } from '../support/trust';

const HASH = '0c0zr5nrzblgzm9aaj5yzpwx3rzblc1m' as StorePathHash;
const substituter = (url: string) => configuredCache({ url }).substituter;

function open(
  url: string,
  {
    variables = {},
    files = {},
    answer = () => answered(200),
  }: { variables?: Record<string, string>; files?: Record<string, string>; answer?: (request: TransportRequest) => Answer } = {},
) {
  const transport = scriptedTransport(answer);
  const clock = clockAt('2024-05-06T07:08:09.123Z');
  const contents = { ...files };
  const cache = openBinaryCache(
    { substituter: substituter(url) },
    {
      transport,
      files: memoryFiles(contents),
      environment: environment(variables),
      clock,
      userAgent: 'flake-trust/0',
      timeoutMs: 1000,
    },
  );
  return { cache, requests: transport.requests, clock };
}

describe('S3 caches', () => {
  for (const [url, address] of [
    ['s3://nix-cache', 'https://nix-cache.s3.us-east-1.amazonaws.com'],
    ['s3://nix-cache?region=eu-west-1', 'https://nix-cache.s3.eu-west-1.amazonaws.com'],
    ['s3://nix-cache?region=cn-north-1', 'https://nix-cache.s3.cn-north-1.amazonaws.com.cn'],
    ['s3://my.dotted.bucket', 'https://s3.us-east-1.amazonaws.com/my.dotted.bucket'],
    ['s3://Upper_Case', 'https://s3.us-east-1.amazonaws.com/Upper_Case'],
    ['s3://b?endpoint=minio.example.org:9000', 'https://minio.example.org:9000/b'],
    ['s3://bucket?endpoint=https://minio.example.org', 'https://minio.example.org/bucket'],
    ['s3://bucket?endpoint=minio.example.org&scheme=http', 'http://minio.example.org/bucket'],
    ['s3://bucket?endpoint=minio.example.org&addressing-style=virtual', 'https://bucket.minio.example.org'],
    ['s3://bucket?addressing-style=path', 'https://s3.us-east-1.amazonaws.com/bucket'],
  ] as const)
    it(`finds ${url} at ${address}`, async () => {
      const { cache, requests } = open(url);
      await cache.narinfo(HASH, never);
      assert.equal(requests[0]?.url, `${address}/${HASH}.narinfo`);
      assert.deepEqual(addressesOf(substituter(url)), [address]);
    });

  it('asks unsigned where there are no credentials, and does not read 403 as absent, though the bucket shows its nix-cache-info', async () => {
    const { cache, requests } = open('s3://bucket', {
      answer: ({ url }) => (url.endsWith('nix-cache-info') ? answered(200, {}, 'StoreDir: /nix/store\n') : answered(403)),
    });
    assert.equal((await cache.info(never)).kind, 'found');
    assert.deepEqual(await cache.narinfo(HASH, never), { kind: 'unauthorized', reason: 'it denies access (HTTP 403)' });
    assert.deepEqual(requests[0]?.headers, { 'user-agent': 'flake-trust/0', accept: '*/*' });
  });

  it('signs as AWS Signature 4 says, computed here once more', async () => {
    const variables = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret/key', AWS_SESSION_TOKEN: 'session' };
    const { cache, requests } = open('s3://bucket?region=eu-west-1', { variables });
    await cache.narinfo(HASH, never);
    const { headers = {} } = requests[0] ?? {};
    const canonical = [
      'GET',
      `/${HASH}.narinfo`,
      '',
      'host:bucket.s3.eu-west-1.amazonaws.com',
      'x-amz-content-sha256:UNSIGNED-PAYLOAD',
      'x-amz-date:20240506T070809Z',
      'x-amz-security-token:session',
      '',
      'host;x-amz-content-sha256;x-amz-date;x-amz-security-token',
      'UNSIGNED-PAYLOAD',
    ].join('\n');
    const scope = '20240506/eu-west-1/s3/aws4_request';
    const text = ['AWS4-HMAC-SHA256', '20240506T070809Z', scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
    const key = scope
      .split('/')
      .reduce<string | Buffer>((secret, part) => createHmac('sha256', secret).update(part).digest(), 'AWS4secret/key');
    const signature = createHmac('sha256', key).update(text).digest('hex');
    assert.equal(
      headers['authorization'],
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=${signature}`,
    );
    assert.equal(headers['user-agent'], 'flake-trust/0');
    assert.doesNotMatch(JSON.stringify(headers), /secret\/key/);
  });

  it('reads the credentials again after five minutes', async () => {
    const files: Record<string, string> = {
      '/home/me/.aws/credentials': '[default]\naws_access_key_id=one\naws_secret_access_key=x\n',
    };
    const asked = memoryFiles(files);
    const clock = clockAt(0);
    const transport = scriptedTransport(() => answered(404));
    const cache = openBinaryCache(
      { substituter: substituter('s3://bucket') },
      { transport, files: asked, environment: environment(), clock, userAgent: 'x', timeoutMs: 1 },
    );
    await Promise.all([cache.narinfo(HASH, never), cache.narinfo(HASH, never)]);
    assert.equal(asked.asked.length, 1);
    clock.advance(301_000);
    await cache.narinfo(HASH, never);
    assert.equal(asked.asked.length, 2);
  });

  describe('findAwsCredentials', () => {
    const INI = [
      '# a comment',
      '[default]',
      'aws_access_key_id = one',
      'aws_secret_access_key=s=1',
      '[ work ]',
      'aws_access_key_id=two',
      'aws_secret_access_key=s2',
      'aws_session_token=t2',
      '[half]',
      'aws_access_key_id=three',
      '[__proto__]',
      'aws_access_key_id=four',
    ].join('\r\n');
    const CONFIG = '[profile corp]\naws_access_key_id=five\naws_secret_access_key=s5\n';
    const FILES = {
      '/home/me/.aws/credentials': INI,
      '/home/me/.aws/config': CONFIG,
      '/other': '[default]\naws_access_key_id=o\naws_secret_access_key=o\n',
    };
    const BOTH = { AWS_ACCESS_KEY_ID: 'env', AWS_SECRET_ACCESS_KEY: 'env' };
    for (const [rule, profile, variables, expected] of [
      ['the environment goes first', undefined, BOTH, 'env'],
      ['a profile in the URL goes before the environment', 'work', BOTH, 'two'],
      ['half a pair is none', undefined, { AWS_ACCESS_KEY_ID: 'env' }, 'one'],
      ['the default profile', undefined, {}, 'one'],
      ['AWS_PROFILE names another', undefined, { AWS_PROFILE: 'work' }, 'two'],
      ['profiles of the config file', 'corp', {}, 'five'],
      ['another file', undefined, { AWS_SHARED_CREDENTIALS_FILE: '/other' }, 'o'],
      ['a profile without a secret', 'half', {}, undefined],
      ['a profile that is not there', 'nobody', {}, undefined],
      ['a strange name', '__proto__', {}, undefined],
      ['no file', undefined, { AWS_SHARED_CREDENTIALS_FILE: '/none', AWS_CONFIG_FILE: '/none' }, undefined],
    ] as readonly (readonly [string, string | undefined, Record<string, string>, string | undefined])[])
      it(rule, async () => {
        const found = await findAwsCredentials(profile, environment(variables), memoryFiles(FILES), never);
        assert.equal(found?.accessKeyId, expected);
      });

    it('reads the token and a secret with an equals sign', async () => {
      const read = (profile: string) => findAwsCredentials(profile, environment(), memoryFiles(FILES), never);
      assert.deepEqual(await read('work'), { accessKeyId: 'two', secretAccessKey: 's2', sessionToken: 't2' });
      assert.equal((await read('default'))?.secretAccessKey, 's=1');
    });
  });
});
