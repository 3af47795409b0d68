/**
 * A proxy on loopback that holds everything back as distance does: it takes no bandwidth. It shares the machine with what is measured, so it does as
 * little as can be: an answer over plain HTTP it has had before it gives again itself; what is encrypted it passes on.
 */
import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';

/** Starts it in a process of its own, in front of `port`. */
export function delayProxy(port, latencyMs) {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--serve', String(port), String(latencyMs)], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('message', (own) =>
      resolve({
        port: own,
        close: () =>
          new Promise((closed) => {
            child.once('exit', closed);
            child.kill();
          }),
      }),
    );
  });
}

/** The first byte of a TLS connection: a handshake. */
const HANDSHAKE = 0x16;

function serve(port, latencyMs) {
  const answers = new Map();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const server = createServer({ noDelay: true }, (client) => {
    client.on('error', () => client.destroy());
    client.once('data', (first) => {
      if (first[0] === HANDSHAKE) passOn(client, first, port, latencyMs / 2);
      else answerItself(client, first, { port, latencyMs, agent, answers });
    });
  });
  server.listen(0, '127.0.0.1', 2048, () => process.send(server.address().port));
}

/** Holds bytes back for half a round trip in each direction. */
function passOn(client, first, port, half) {
  const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
  const later = (from, to) => {
    from.on('data', (bytes) => setTimeout(() => to.write(bytes), half));
    from.on('end', () => setTimeout(() => to.end(), half));
    from.on('error', () => to.destroy());
    from.on('close', () => setTimeout(() => to.destroy(), half));
  };
  setTimeout(() => upstream.write(first), half);
  later(client, upstream);
  later(upstream, client);
}

/** Holds every answer back for a round trip. The time in which it is fetched for the first time comes on top. */
function answerItself(client, first, { port, latencyMs, agent, answers }) {
  let rest = '';
  const hear = (bytes) => {
    rest += bytes.toString('latin1');
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const [method, path] = rest.slice(0, rest.indexOf('\r\n')).split(' ');
      rest = rest.slice(end + 4);
      const known = answers.get(path);
      if (known !== undefined && method === 'GET') setTimeout(() => client.write(known), latencyMs);
      else fetchOnce(method, path, (answer) => setTimeout(() => client.write(answer), latencyMs));
    }
  };
  const fetchOnce = (method, path, done) => {
    const asking = request({ port, host: '127.0.0.1', method, path, agent }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      let head = `HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\n`;
      const { rawHeaders } = response;
      for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
      const answer = Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), ...chunks]);
      if (method === 'GET') answers.set(path, answer);
      done(answer);
    });
    asking.on('error', () => client.destroy());
    asking.end();
  };
  client.on('data', hear);
  client.on('end', () => setTimeout(() => client.end(), latencyMs));
  hear(first);
}

if (process.argv[2] === '--serve' && process.argv[1] === import.meta.filename)
  serve(Number(process.argv[3]), Number(process.argv[4]));
