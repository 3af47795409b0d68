/** A proxy on loopback that holds everything back for half a round trip in each direction, as distance does: it takes no bandwidth. */
import { fork } from 'node:child_process';
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

function serve(port, latencyMs) {
  const half = latencyMs / 2;
  const later = (from, to) => {
    from.on('data', (bytes) => setTimeout(() => to.write(bytes), half));
    from.on('end', () => setTimeout(() => to.end(), half));
    from.on('error', () => to.destroy());
    from.on('close', () => setTimeout(() => to.destroy(), half));
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    later(client, upstream);
    later(upstream, client);
  });
  server.listen(0, '127.0.0.1', 2048, () => process.send(server.address().port));
}

if (process.argv[2] === '--serve' && process.argv[1] === import.meta.filename)
  serve(Number(process.argv[3]), Number(process.argv[4]));
