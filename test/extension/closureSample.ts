/**
 * A flake with some forty packages, built by the installed Nix, and two caches that hold parts of its closure under two keys: one path
 * lacks a signature, one has a wrong one, one is in no cache. For the closure view in a real VS Code.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { makeRealNix } from '../nix/realNix';

export interface ClosureSample {
  /** The flake's folder, to be opened in VS Code. */
  readonly workspace: string;
  /** Environment of VS Code, so of the extension, its server and its Nix. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the closure. */
  readonly paths: number;
  end(): Promise<void>;
}

/** Each needs what stands before it and shares a word: the graph is as deep and as wide as a small program's. */
const PACKAGES =
  'glibc-2.40 zlib-1.3.1 bash-5.2p37 ncurses-6.5 readline-8.2p13 openssl-3.4.1 libffi-3.4.8 expat-2.7.1 xz-5.8.1 zstd-1.5.7 pcre2-10.44 attr-2.5.2 acl-2.3.2 coreutils-9.7 gmp-6.3.0 libunistring-1.3 libidn2-2.3.8 nghttp2-1.65.0 curl-8.13.0 sqlite-3.48.0 perl-5.40.0 python3-3.12.10 libxml2-2.13.8 icu4c-76.1 gettext-0.25 git-2.49.0 jq-1.7.1 ripgrep-14.1.1 postgresql-17.4 nginx-1.28.0 nodejs-22.14.0 company-lints-4 company-cli-2.3'.split(
    ' ',
  );
const TEAM = ['company-lints-4', 'company-cli-2.3', 'openssl-3.4.1', 'curl-8.13.0'];
const UNSIGNED = 'gettext-0.25';
const FORGED = 'jq-1.7.1';
const NOWHERE = 'ripgrep-14.1.1';

export async function makeClosureSample(port = 0): Promise<ClosureSample> {
  const nix = await makeRealNix();
  const { system } = nix;
  const lines = PACKAGES.map((name, index) => {
    const needs = [0, index - 1, index - 3, Math.floor(index / 2)].filter((other) => other >= 0 && other < index);
    return `      p${index} = make "${name}" ${6 + ((index * 7) % 10)} [ ${[...new Set(needs)].map((other) => `p${other}`).join(' ')} ];`;
  });
  const workspace = await nix.makeFlake('platform', {
    'flake.nix': `{
  description = "The development shell of a platform team";
  outputs = _:
    let
      make = name: doublings: needs: derivation {
        inherit name needs;
        system = "${system}";
        builder = "/bin/sh";
        inherit doublings;
        args = [ "-c" "s=$name; while [ $doublings -gt 0 ]; do s=$s$s; doublings=$((doublings - 1)); done; echo $s $needs > $out" ];
      };
${lines.join('\n')}
    in {
      packages.${system}.default = make "platform-shell" 4 [ ${PACKAGES.map((_, index) => `p${index}`).join(' ')} ];
    };
}
`,
  });
  await nix.succeed(['build', '--no-link', `${workspace}#default`]);
  const paths = (await nix.succeed(['path-info', '-r', `${workspace}#default`])).trim().split('\n');
  const named = (name: string): string => paths.find((one) => one.endsWith(`-${name}`)) ?? name;
  const [upstreamKey, teamKey] = [await nix.makeKey('cache.example.org-1'), await nix.makeKey('team.example-2')];
  const upstream = await nix.makeCache('upstream', paths, upstreamKey);
  const team = await nix.makeCache('team', TEAM.map(named), teamKey);
  const narinfo = (folder: string, name: string): string =>
    path.join(folder, `${path.basename(named(name)).slice(0, 32)}.narinfo`);
  for (const name of [NOWHERE, 'company-lints-4', 'company-cli-2.3']) rmSync(narinfo(upstream, name));
  const edit = (name: string, change: (text: string) => string): void => {
    const file = narinfo(upstream, name);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };
  for (const name of [UNSIGNED, FORGED, NOWHERE]) rmSync(narinfo(team, name), { force: true });
  edit(UNSIGNED, (text) => text.replace(/^Sig: .*\n/m, ''));
  edit(FORGED, (text) =>
    text.replace(/^(Sig: cache\.example\.org-1:)(.)/m, (_, name: string, first: string) => name + (first === 'A' ? 'B' : 'A')),
  );

  const server = createServer((request, response) => {
    const file = path.join(nix.dir, path.normalize(request.url ?? '/'));
    if (!/^\/(upstream|team)\/[\w./-]+$/.test(request.url ?? '')) response.writeHead(404).end();
    else
      readFile(file).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://localhost:${typeof address === 'object' && address !== null ? address.port : port}`;
  const confDir = path.join(nix.dir, 'audit-conf');
  await mkdir(confDir);
  const conf = (await readFile(path.join(nix.confDir, 'nix.conf'), 'utf8')).replace(/^(store|substituters) = ?.*$/gm, '');
  await writeFile(
    path.join(confDir, 'nix.conf'),
    `${conf}\nsubstituters = ${url}/upstream ${url}/team\ntrusted-public-keys = ${upstreamKey.publicKey.trim()} ${teamKey.publicKey.trim()}\n`,
  );
  const variables = Object.entries(nix.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    workspace,
    env: {
      ...Object.fromEntries(variables.filter(([name]) => /^(NIX|XDG|GIT)_/.test(name))),
      NIX_CONF_DIR: confDir,
      NIX_USER_CONF_FILES: '',
      NIX_CONFIG: '',
      NIX_REMOTE: `local?root=${path.join(nix.dir, 'empty')}`,
    },
    paths: paths.length,
    end: async () => {
      server.closeAllConnections();
      server.close();
      await nix.dispose();
    },
  };
}
