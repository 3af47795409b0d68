import assert from 'node:assert/strict';
import { AutoTransport } from '../../server/src/adapters/autoTransport';
import type { TransportFailure } from '../../server/src/engine/ports';
import { answered, failing, scriptedTransport, type Answer } from '../support/scriptedTransport';
import { never } from '../support/abort';

function open(direct: Answer, editor: Answer) {
  const [first, second] = [scriptedTransport(() => direct), scriptedTransport(() => editor)];
  const transport = new AutoTransport(first, second);
  const get = (url = 'https://a.test/x') => transport.get({ url, headers: {}, maxBytes: 1, timeoutMs: 1000 }, never);
  return { transport, get, counts: () => [first.requests.length, second.requests.length], second };
}

describe('AutoTransport', () => {
  it('stays direct when that gives an answer, whichever', async () => {
    const { get, counts } = open(answered(500), answered(200));
    assert.equal((await get()).kind, 'response');
    assert.deepEqual(counts(), [1, 0]);
  });

  for (const reason of ['proxy', 'tls', 'dns', 'refused'] as const)
    it(`asks the editor after ${reason}, and remembers that per host`, async () => {
      const { get, counts, transport } = open(failing(reason), answered(200));
      assert.equal((await get()).kind, 'response');
      await get();
      assert.deepEqual(counts(), [1, 2]);
      await get('https://b.test/x');
      assert.deepEqual(counts(), [2, 3]);
      transport.forget();
      await get();
      assert.deepEqual(counts(), [3, 4]);
    });

  for (const reason of ['timeout', 'too-large', 'redirect', 'not-allowed', 'network'] as const)
    it(`does not ask the editor after ${reason}`, async () => {
      const { get, counts } = open(failing(reason), answered(200));
      assert.equal(((await get()) as TransportFailure).reason, reason);
      assert.deepEqual(counts(), [1, 0]);
    });

  it('tells the direct failure when neither gets through, and tries directly again', async () => {
    const { get, counts } = open(failing('tls', 'expired'), failing('network', 'vague'));
    assert.equal(((await get()) as TransportFailure).message, 'expired');
    await get();
    assert.deepEqual(counts(), [2, 2]);
  });

  it('tells what the editor found when that is about the answer', async () => {
    const { get } = open(failing('proxy'), failing('too-large'));
    assert.equal(((await get()) as TransportFailure).reason, 'too-large');
  });

  it('gives the editor the time that is left', async () => {
    const { get, second } = open(failing('tls'), answered(200));
    await get();
    assert.ok(second.requests[0]!.timeoutMs <= 1000);
  });
});
