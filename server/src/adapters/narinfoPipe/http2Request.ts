/** One request over an HTTP/2 connection. */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { RawRequest } from './http1Line';
import { TROUBLE, type RawDone } from './rawPipe';

const NOTHING = Buffer.alloc(0);

/** Asks; `done` is called once, later. Only the body of a 200 is waited for. */
export function askOverHttp2(
  session: ClientHttp2Session,
  { path, headers }: RawRequest,
  { maxBodyBytes, timeoutMs }: { readonly maxBodyBytes: number; readonly timeoutMs: number },
  done: RawDone,
): void {
  let stream: ClientHttp2Stream;
  try {
    stream = session.request({ ':path': path, ...headers.fields }, { endStream: true });
  } catch {
    // The connection was closed a moment ago.
    queueMicrotask(() => done(TROUBLE));
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  let head: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined;
  let settled = false;
  const settle: RawDone = (answer) => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    done(answer);
  };
  const timer = setTimeout(() => stream.destroy(), timeoutMs);
  stream.on('response', (received) => {
    head = received;
    const status = received[':status'] ?? 0;
    if (status === 200 || status < 200) return;
    settle({ kind: 'answer', status, contentEncoding: '', retryAfter: received['retry-after'] ?? '', body: NOTHING });
    // What is left of an error page is not waited for.
    stream.close();
  });
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxBodyBytes) {
      chunks.push(chunk);
      return;
    }
    settle(TROUBLE);
    stream.destroy();
  });
  stream.on('end', () => {
    if (head?.[':status'] !== 200) return;
    const announced = head['content-length'];
    const whole = announced === undefined || Number(announced) === length;
    settle(
      whole
        ? {
            kind: 'answer',
            status: 200,
            contentEncoding: head['content-encoding'] ?? '',
            retryAfter: '',
            body: Buffer.concat(chunks),
          }
        : TROUBLE,
    );
  });
  stream.on('error', () => undefined);
  stream.on('close', () => settle(TROUBLE));
}
