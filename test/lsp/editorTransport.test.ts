import assert from 'node:assert/strict';
import type { CancellationToken, Connection } from 'vscode-languageserver';
import { EditorTransport } from '../../server/src/lsp/editorTransport';
import type { FetchParams } from '../../server/src/protocol';
import { never } from '../support/abort';

type Editor = (params: FetchParams, token: CancellationToken) => unknown;

/** A transport to an editor that answers as told. */
function transportTo(editor: Editor): EditorTransport {
  const sendRequest = async (_: string, params: FetchParams, token: CancellationToken) => Promise.resolve(editor(params, token));
  return new EditorTransport({ sendRequest } as unknown as Pick<Connection, 'sendRequest'>);
}

const REQUEST = {
  url: 'https://cache.example.org/nix-cache-info',
  headers: { accept: 'text/plain' },
  maxBytes: 10,
  timeoutMs: 50,
};

describe('EditorTransport', () => {
  it('hands the request over and the response back', async () => {
    const asked: FetchParams[] = [];
    const transport = transportTo((params) => {
      asked.push(params);
      return {
        kind: 'response',
        status: 200,
        headers: { 'Content-Type': 'x', odd: 7 },
        body: Buffer.from('hello').toString('base64'),
      };
    });
    const response = await transport.get(REQUEST, never);
    assert.deepEqual(asked, [REQUEST]);
    assert.ok(response.kind === 'response');
    assert.deepEqual(
      [response.status, { ...response.headers }, Buffer.from(response.body).toString()],
      [200, { 'content-type': 'x' }, 'hello'],
    );
  });

  const failures: [what: string, answer: unknown, reason: string][] = [
    ['a failure with its reason', { kind: 'failed', reason: 'tls', message: 'no' }, 'tls'],
    ['a reason that does not exist', { kind: 'failed', reason: 'toString', message: 'no' }, 'network'],
    ['a body that is too large', { kind: 'response', status: 200, headers: {}, body: 'A'.repeat(100) }, 'too-large'],
    ['nothing', null, 'network'],
    ['another shape', { kind: 'response', status: '200' }, 'network'],
  ];
  for (const [what, given, reason] of failures)
    it(`takes ${what} as a failure`, async () => {
      const answer = await transportTo(() => given).get(REQUEST, never);
      assert.equal(answer.kind === 'failed' && answer.reason, reason);
    });

  it('is a failure when the editor refuses', async () => {
    const answer = await transportTo(() => Promise.reject(new Error('Unhandled method'))).get(REQUEST, never);
    assert.deepEqual(answer, { kind: 'failed', reason: 'network', message: 'Unhandled method' });
  });

  it('cancels the request in the editor when it is given up', async () => {
    const controller = new AbortController();
    let cancelled = false;
    const pending = transportTo(
      (_, token) =>
        new Promise(() => {
          token.onCancellationRequested(() => (cancelled = true));
          controller.abort();
        }),
    ).get(REQUEST, controller.signal);
    await assert.rejects(pending, { name: 'AbortError' });
    assert.ok(cancelled);
  });
});
