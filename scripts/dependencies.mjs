/** Installs the npm dependencies when they are missing or older than the lock file. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} root the checkout */
export function ensureDependencies(root) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Flake Trust needs Node 20.19 or later; this is ${process.versions.node}.`);
    process.exit(2);
  }
  const stamp = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return;
  console.error('Installing npm dependencies…');
  for (let attempt = 1; attempt <= 3; attempt++) {
    // No dependency of ours needs an install script; not running any keeps a hijacked one from running here.
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    if (status === 0) return;
  }
  console.error('npm ci failed; see above.');
  process.exit(2);
}
