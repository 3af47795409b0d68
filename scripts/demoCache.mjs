/**
 * The binary cache of the sample in examples/demo: made in memory from its flake.lock, signed with a demo key, served on the
 * loopback interface. It serves narinfo files only, no archives; nothing can be built from it.
 */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

export const demoFlake = path.join(import.meta.dirname, '..', 'examples', 'demo');

/** What the cache says about each input; the others it does not have. What flake.lock has for `theme` is not what flake.nix asks for. */
const ANSWERS = {
  nixpkgs: 'signed with the demo key, which the sample configuration trusts',
  'home-manager': 'signed with a key that nobody listed',
  devshell: 'not signed, but content-addressed, so that Nix needs no signature',
  tools: 'another hash than flake.lock records',
};

/** The key that the sample configuration trusts, and a stranger's. Both follow from their names, so neither is a secret. */
const demoKey = keyOf('flake-trust-demo-1');
const strangersKey = keyOf('somebody-else-1');

/** The demo key as `trusted-public-keys` takes it. */
export const demoPublicKey = `${demoKey.name}:${demoKey.publicKey}`;

/** Makes the files of the cache: path below its address, text. */
export function demoCacheFiles() {
  const { nodes } = JSON.parse(readFileSync(path.join(demoFlake, 'flake.lock'), 'utf8'));
  const files = new Map([['/nix-cache-info', 'StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 30\n']]);
  for (const [input, answer] of Object.entries(ANSWERS)) {
    const hash = Buffer.from(nodes[input].locked.narHash.slice('sha256-'.length), 'base64');
    const storePath = sourceStorePath(hash);
    files.set(`/${storePath.slice('/nix/store/'.length).split('-')[0]}.narinfo`, narinfo(storePath, hash, answer));
  }
  return files;
}

function narinfo(storePath, hash, answer) {
  const claimed = answer === ANSWERS.tools ? sha256('something else') : hash;
  const narHash = `sha256:${nixBase32(claimed)}`;
  const narSize = 4096 + (claimed.readUInt16LE(0) & ~7);
  const fingerprint = `1;${storePath};${narHash};${narSize};`;
  const key = answer === ANSWERS['home-manager'] ? strangersKey : demoKey;
  const proof =
    answer === ANSWERS.devshell
      ? `CA: fixed:r:${narHash}`
      : `Sig: ${key.name}:${sign(null, Buffer.from(fingerprint), key.privateKey).toString('base64')}`;
  const file = nixBase32(claimed);
  return `StorePath: ${storePath}\nURL: nar/${file}.nar\nCompression: none\nFileHash: ${narHash}\nFileSize: ${narSize}\nNarHash: ${narHash}\nNarSize: ${narSize}\nReferences: \n${proof}\n`;
}

/**
 * Serves the cache on the loopback interface. `port` is preferred; another is taken when it is in use. `onRequest` is told
 * each path that is asked for; `delayMs` says how long its answer is held back.
 */
export async function serveDemoCache({
  port = 0,
  files = demoCacheFiles(),
  onRequest = () => undefined,
  delayMs = () => 0,
} = {}) {
  const server = createServer((request, response) => {
    onRequest(request.url);
    const text = files.get(request.url);
    setTimeout(() => {
      response.writeHead(text === undefined ? 404 : 200, {
        'Content-Type': request.url.endsWith('.narinfo') ? 'text/x-nix-narinfo' : 'text/plain',
      });
      response.end(text ?? 'not here\n');
    }, delayMs());
  });
  const listen = (chosen) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(chosen, '127.0.0.1', () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  await listen(port).catch(() => listen(0));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `http://localhost:${server.address().port}`, close };
}

/** The text of a nix.conf that uses the cache and trusts its key. */
export function demoNixConf(cacheUrl) {
  return `substituters = ${cacheUrl}\ntrusted-public-keys = ${demoPublicKey}\n`;
}

/** The store path of a source tree with this NAR hash, as Nix computes it for inputs of flakes. */
function sourceStorePath(narHash) {
  const digest = sha256(`source:sha256:${narHash.toString('hex')}:/nix/store:source`);
  const folded = Buffer.alloc(20);
  for (const [index, byte] of digest.entries()) folded[index % 20] ^= byte;
  return `/nix/store/${nixBase32(folded)}-source`;
}

function nixBase32(bytes) {
  const alphabet = '0123456789abcdfghijklmnpqrsvwxyz';
  let text = '';
  for (let digit = Math.ceil((bytes.length * 8) / 5) - 1; digit >= 0; digit--) {
    const bit = digit * 5;
    const pair = bytes[bit >> 3] | ((bytes[(bit >> 3) + 1] ?? 0) << 8);
    text += alphabet[(pair >> (bit & 7)) & 31];
  }
  return text;
}

function keyOf(name) {
  const seed = sha256(`Flake Trust demo key ${name}`);
  const privateKey = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  return { name, privateKey, publicKey };
}

function sha256(data) {
  return createHash('sha256').update(data).digest();
}
