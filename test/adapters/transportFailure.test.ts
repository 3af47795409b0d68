import assert from 'node:assert/strict';
import { describeNetworkError, failed, timedOut, TransportError } from '../../server/src/adapters/transportFailure';

const withCode = (code: string) => Object.assign(new Error('https://user:secret@host/ broke'), { code });

describe('describeNetworkError', () => {
  for (const [code, reason] of [
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['EAI_NODATA', 'dns'],
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'network'],
    ['EHOSTUNREACH', 'network'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['UND_ERR_HEADERS_OVERFLOW', 'too-large'],
    ['UND_ERR_SOCKET', 'network'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['CERT_UNTRUSTED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['ERR_OSSL_EVP_UNSUPPORTED', 'tls'],
    ['EPROTO', 'tls'],
    ['ESOMETHING', 'network'],
    ['', 'network'],
  ] as const)
    it(`${code || 'no code'} is ${reason}`, () => assert.equal(describeNetworkError(withCode(code)).reason, reason));

  it('shows no text of an error, which may hold a password', () => {
    for (const error of [withCode(''), withCode('EWHATEVER'), new Error('secret'), 'secret', undefined, null])
      assert.doesNotMatch(describeNetworkError(error).message, /secret/);
  });

  it('finds the code of an error with several', () => {
    const error = Object.assign(new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]), {
      code: 'ECONNREFUSED',
    });
    assert.equal(describeNetworkError(error).reason, 'refused');
  });

  it('takes a failure that was described before as it is', () => {
    const failure = failed('proxy', 'the proxy sleeps');
    assert.equal(describeNetworkError(new TransportError(failure)), failure);
  });

  it('says how long it waited', () => {
    assert.match(timedOut(10_000).message, /within 10 s$/);
    assert.match(timedOut(1500).message, /within 1\.5 s$/);
    assert.match(timedOut(150).message, /within 150 ms$/);
  });
});
