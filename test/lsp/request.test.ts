import assert from 'node:assert/strict';
import { CancellationTokenSource, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import { answer } from '../../server/src/lsp/request';

describe('answer', () => {
  const { token } = new CancellationTokenSource();
  const noLog = (error: unknown) => assert.fail(String(error));

  it('gives the result', async () => {
    assert.equal(await answer(token, 'fallback', noLog, () => 'result'), 'result');
  });

  it('answers a failure with the fallback and logs it', async () => {
    const logged: unknown[] = [];
    const result = await answer(
      token,
      'fallback',
      (error) => logged.push(error),
      () => Promise.reject(new Error('a bug')),
    );
    assert.equal(result, 'fallback');
    assert.match(String(logged[0]), /a bug/);
  });

  it('aborts the work when the editor cancels, and says so', async () => {
    const source = new CancellationTokenSource();
    const pending = answer(source.token, null, noLog, (signal) => {
      source.cancel();
      return Promise.reject(signal.reason as Error);
    });
    assert.ok((await pending) instanceof ResponseError);
  });

  it('does not begin what was cancelled before', async () => {
    const source = new CancellationTokenSource();
    source.cancel();
    const result = await answer(source.token, null, noLog, () => assert.fail('begun'));
    assert.equal(result instanceof ResponseError && result.code, LSPErrorCodes.RequestCancelled);
  });
});
