/** A real web server for a folder on loopback: nginx where it is installed, else one of Node's in a process of its own. */
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, get, Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './closure.mjs';

/**
 * Starts it. `secondsEach` measures the processor time that one GET over a kept connection takes, client and server together. `secure` is there
 * where nginx and openssl are: HTTP/2 over TLS, with the certificate in a file.
 */
export async function serveCaches(folder) {
  const nginx = ['nginx', '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).status === 0);
  const server = nginx === undefined ? await startNode(folder) : await startNginx(nginx, folder);
  const url = `http://127.0.0.1:${server.port}`;
  return { ...server, url, secondsEach: (paths) => secondsEach(server, paths) };
}

/** Asks for files as barely as can be, 16 at once, and adds up the processor time of both ends. */
async function secondsEach({ port, pids }, paths) {
  const before = [process.cpuUsage(), processorSeconds(pids())];
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      while (next < paths.length) {
        socket.write(`GET ${paths[next++]} HTTP/1.1\r\nhost: x\r\n\r\n`);
        let text = '';
        for (let end = -1; end < 0 || text.length < end;) {
          text += (await once(socket, 'data'))[0].toString('latin1');
          const head = text.indexOf('\r\n\r\n');
          if (head >= 0) end = head + 4 + Number(/content-length: (\d+)/i.exec(text)[1]);
        }
      }
      socket.destroy();
    }),
  );
  const { user, system } = process.cpuUsage(before[0]);
  return ((user + system) / 1e6 + processorSeconds(pids()) - before[1]) / paths.length;
}

/** Processor time of processes so far, where the system tells (Linux). */
function processorSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended, or this is not Linux.
    }
  }
  return ticks / 100;
}

/** A process and its children. */
function family(pid) {
  try {
    return [pid, ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)];
  } catch {
    return [pid];
  }
}

async function startNginx(program, folder) {
  const [port, securePort] = [await freePort(), await freePort()];
  const state = join(folder, 'nginx');
  mkdirSync(state, { recursive: true });
  const certificate = makeCertificate(state);
  const secureServer =
    certificate === undefined
      ? ''
      : `server { listen 127.0.0.1:${securePort} ssl http2; http2_max_concurrent_streams 512; ssl_certificate ${certificate}; ssl_certificate_key ${state}/key.pem; ssl_protocols TLSv1.2 TLSv1.3; root ${folder}; }`;
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${state}/${name};`)
    .join(' ');
  writeFileSync(
    join(state, 'nginx.conf'),
    `worker_processes 1; daemon off; pid ${state}/pid; error_log ${state}/error.log; ${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  access_log off; default_type text/plain; sendfile on; tcp_nodelay on; keepalive_requests 10000000; keepalive_timeout 300s; ${temp}
  server { listen 127.0.0.1:${port}; root ${folder}; }
  ${secureServer}
}
`,
  );
  const child = spawn(program, ['-p', state, '-c', join(state, 'nginx.conf')], { stdio: 'ignore' });
  await answers(port);
  return {
    name: 'nginx',
    port,
    ...(certificate === undefined ? {} : { secure: { port: securePort, certificate } }),
    pids: () => family(child.pid),
    close: () => ended(child),
  };
}

function makeCertificate(state) {
  const file = join(state, 'certificate.pem');
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', join(state, 'key.pem'), '-out', file, '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  );
  return made.status === 0 ? file : undefined;
}

async function startNode(folder) {
  const child = fork(import.meta.filename, ['--serve', folder], { stdio: 'inherit' });
  const port = await new Promise((resolve) => child.once('message', resolve));
  return { name: "Node's web server (nginx is not installed)", port, pids: () => [child.pid], close: () => ended(child) };
}

function ended(child) {
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill();
  });
}

async function answers(port) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const ok = await new Promise((resolve) => {
      get({ port, host: '127.0.0.1', agent: new Agent() }, (response) => resolve(response.resume() !== undefined)).on(
        'error',
        () => resolve(false),
      );
    });
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the web server did not start');
}

function serve(folder) {
  const files = new Map();
  const server = createServer(async (request, response) => {
    let body = files.get(request.url);
    if (body === undefined)
      files.set(request.url, (body = await readFile(join(folder, new URL(request.url, 'http://x').pathname)).catch(() => null)));
    if (body === null) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  server.keepAliveTimeout = 300_000;
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

if (process.argv[2] === '--serve' && process.argv[1] === import.meta.filename) serve(process.argv[3]);
