/**
 * A flake in the middle of its vetting, for pictures: nixpkgs was reviewed in a scope, `greeter` was reviewed and has moved on since, and a clone of it is
 * on this computer. Its files are written here and by our own command line; it needs git, and no Nix.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { demoFlake, demoNixConf, serveDemoCache } from '../../scripts/demoCache.mjs';

export interface VettingSample {
  /** The flake's folder, to be opened in VS Code. */
  readonly workspace: string;
  /** A clone of `greeter`. */
  readonly clone: string;
  /** Environment of VS Code, in which git's user is Ada Example. */
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

const FLAKE_NIX = `{
  description = "A web site, and what it is built from";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

    greeter.url = "github:example/greeter";
  };

  outputs =
    { self, nixpkgs, greeter }:
    {
      packages.x86_64-linux.default =
        greeter.lib.site nixpkgs.legacyPackages.x86_64-linux;
    };
}
`;

const GREETER = {
  'flake.nix': `{
  description = "Says hello";
  outputs = _: { lib = import ./lib.nix; };
}
`,
  'lib.nix': `{
  # Text of the greeting.
  greet = name: "Hello, \${name}!";

  site = pkgs: pkgs.writeText "index.html" (greet "world");
}
`,
};

const CHANGES: readonly (readonly [author: string, subject: string, from: string, to: string])[] = [
  [
    'Bob Example',
    'Greet by the time of the day',
    'greet = name: "Hello, ${name}!";',
    'greet = hour: name: "${words hour}, ${name}!";',
  ],
  [
    'Bob Example',
    'Words for morning and evening',
    '  site = pkgs',
    '  words = hour: if hour < 12 then "Good morning" else "Good evening";\n\n  site = pkgs',
  ],
  ['Cleo Example', 'The site says good evening', '(greet "world")', '(greet 20 "world")'],
];

/** Makes the sample; `port` is preferred for the demo cache, which has nixpkgs. */
export async function makeVettingSample(port = 0): Promise<VettingSample> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'site-'));
  const [workspace, clone, confDir] = ['site', 'greeter', 'nix'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const one of [workspace, clone, confDir]) mkdirSync(one);
  const cache = await serveDemoCache({ port });
  writeFileSync(path.join(confDir, 'nix.conf'), demoNixConf(cache.url));
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    NIX_CONF_DIR: confDir,
    NIX_USER_CONF_FILES: '',
    NIX_CONFIG: '',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'Ada Example',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
  };

  const git = (day: string, author: string, ...args: string[]): string => {
    const [mail = ''] = author.toLowerCase().split(' ');
    const date = `${day}T10:00:00Z`;
    const identity = {
      GIT_AUTHOR_NAME: author,
      GIT_AUTHOR_EMAIL: `${mail}@example.org`,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: author,
      GIT_COMMITTER_EMAIL: `${mail}@example.org`,
      GIT_COMMITTER_DATE: date,
    };
    return execFileSync('git', args, { cwd: clone, env: { ...env, ...identity }, encoding: 'utf8' }).trim();
  };
  const commit = (day: string, author: string, subject: string): string => {
    git(day, author, 'add', '-A');
    git(day, author, 'commit', '-q', '-m', subject);
    return git(day, author, 'rev-parse', 'HEAD');
  };
  git('2026-10-01', 'Bob Example', 'init', '-q', '-b', 'main');
  for (const [name, text] of Object.entries(GREETER)) writeFileSync(path.join(clone, name), text);
  let rev = commit('2026-10-01', 'Bob Example', 'Say hello');

  const lock = (): void => {
    const { nodes } = JSON.parse(readFileSync(path.join(demoFlake, 'flake.lock'), 'utf8')) as { nodes: Record<string, unknown> };
    const narHash = `sha256-${createHash('sha256').update(rev).digest('base64')}`;
    const original = { owner: 'example', repo: 'greeter', type: 'github' };
    const lastModified = Number(git('2026-10-01', 'Bob Example', 'show', '-s', '--format=%ct', rev));
    const text = JSON.stringify(
      {
        nodes: {
          greeter: { locked: { lastModified, narHash, ...original, rev }, original },
          nixpkgs: nodes['nixpkgs'],
          root: { inputs: { greeter: 'greeter', nixpkgs: 'nixpkgs' } },
        },
        root: 'root',
        version: 7,
      },
      undefined,
      2,
    );
    writeFileSync(path.join(workspace, 'flake.lock'), `${text}\n`);
  };
  const vet = (...args: string[]): void => {
    const cli = path.join(__dirname, '..', '..', 'dist', 'cli.js');
    execFileSync(process.execPath, [cli, 'vet', ...args], { cwd: workspace, env, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  writeFileSync(path.join(workspace, 'flake.nix'), FLAKE_NIX);
  lock();
  vet('init');
  vet('certify', 'nixpkgs', '--full', '--scope', 'lib, and the packages that we build', '--paths', 'lib/**', '--yes');
  vet('certify', 'greeter', '--full', '--notes', 'Read all of it.', '--yes');
  vet('prune', '--write', '--yes');

  const file = path.join(clone, 'lib.nix');
  CHANGES.forEach(([author, subject, from, to], index) => {
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
    rev = commit(`2026-11-${10 + 4 * index}`, author, subject);
  });
  lock();
  return {
    workspace,
    clone,
    env,
    end: async () => {
      await cache.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
