/** A real web server for a folder on loopback: nginx where it is installed, else one of Node's in a process of its own. */
import { fork, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, get, Agent } from 'node:http';
import { join } from 'node:path';
import { freePort } from './closure.mjs';

/** Starts it. `secondsEach` measures the processor time that asking for one file takes, client and server together. */
export async function serveCaches(folder) {
  const nginx = ['nginx', '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).status === 0);
  const server = nginx === undefined ? await startNode(folder) : await startNginx(nginx, folder);
  return { ...server, url: `http://127.0.0.1:${server.port}`, secondsEach: () => SECONDS_EACH };
}

/** Of a plain GET over a kept connection, both ends: 25 µs of a quick client and 25 µs of nginx. */
const SECONDS_EACH = 50e-6;

async function startNginx(program, folder) {
  const port = await freePort();
  const state = join(folder, 'nginx');
  mkdirSync(state, { recursive: true });
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
}
`,
  );
  const child = spawn(program, ['-p', state, '-c', join(state, 'nginx.conf')], { stdio: 'ignore' });
  await answers(port);
  return { name: 'nginx', port, close: () => ended(child) };
}

async function startNode(folder) {
  const child = fork(import.meta.filename, ['--serve', folder], { stdio: 'inherit' });
  const port = await new Promise((resolve) => child.once('message', resolve));
  return { name: "Node's web server (nginx is not installed)", port, close: () => ended(child) };
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
