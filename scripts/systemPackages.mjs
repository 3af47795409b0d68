/**
 * Finds the programs that some tests and the demo need, and installs the Debian packages that carry them where this
 * process may do so (root with apt-get). Elsewhere it only says what is missing.
 */
import { spawnSync } from 'node:child_process';

/** program → Debian package */
const PACKAGES = { nix: 'nix-bin', chromium: 'chromium', nvim: 'neovim', git: 'git' };

/** Tells whether `program` is on the PATH. */
export function has(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

/**
 * Makes sure that the programs are there.
 * @param {(keyof typeof PACKAGES)[]} programs
 * @returns {string[]} those that are still missing
 */
export function ensurePrograms(programs) {
  const missing = () => programs.filter((program) => !has(program));
  if (missing().length > 0 && process.getuid?.() === 0 && has('apt-get')) {
    const packages = missing().map((program) => PACKAGES[program]);
    process.stderr.write(`Installing Debian packages: ${packages.join(' ')}\n`);
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (let attempt = 1; attempt <= 4 && missing().length > 0; attempt++) {
      // The package lists of a fresh machine may be old or absent; a mirror may fail for a moment.
      spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env: environment });
      spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: environment,
      });
      if (missing().length > 0) spawnSync('sleep', [String(5 * attempt)]);
    }
  }
  return missing();
}

/** The command a person would type for the missing programs. */
export function installHint(programs) {
  return `sudo apt-get install ${programs.map((program) => PACKAGES[program]).join(' ')}`;
}
