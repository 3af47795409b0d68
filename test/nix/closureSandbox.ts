/** A flake without nixpkgs, the installed Nix with a store of its own, and a signed cache of what the flake needs. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { storePathHash, storePathName, type StorePath } from '../../server/src/domain/storePath';
import { makeRealNix, shellDerivation, type RealNix } from './realNix';
import { serveFolder, type FolderServer } from './serveFolder';

export interface ClosureSandbox {
  /** To be opened in VS Code. */
  readonly workspace: string;
  /** Has `lib`, signed, but not `app`. */
  readonly cache: FolderServer;
  /** `name:base64`. */
  readonly key: string;
  readonly nix: RealNix;
  /** Environment of VS Code; its Nix finds an empty store. */
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

/** `app` needs `lib`, which comes from an input; `imported` can be evaluated only by building. */
export async function makeClosureSandbox(): Promise<ClosureSandbox> {
  const nix = await makeRealNix();
  const { system } = nix;
  const lib = await nix.makeFlake('lib', {
    'flake.nix': `{ outputs = _: { packages.${system}.default = ${shellDerivation('lib', 'echo lib > $out', system)}; }; }`,
  });
  const workspace = await nix.makeFlake('app', {
    'flake.nix': `{
  description = "An app, and what it is built from";
  inputs.lib.url = "git+file://${lib}";

  outputs = { self, lib }: {
    packages.${system} = {
      default = derivation { name = "app"; system = "${system}"; builder = "/bin/sh"; args = [ "-c" "echo $lib > $out" ]; lib = lib.packages.${system}.default; };
      imported = derivation { name = import ${shellDerivation('name', `echo '"imported"' > $out`, system).replace(/^derivation/, '(derivation')}); system = "${system}"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; };
    };
    checks.${system}.quick = lib.packages.${system}.default;
  };
}
`,
  });
  await nix.succeed(['flake', 'lock'], { cwd: workspace });
  await nix.succeed(['add', '-A'], { cwd: workspace, program: 'git' });
  await nix.succeed(['commit', '-q', '-m', 'Lock'], { cwd: workspace, program: 'git' });
  const key = await nix.makeKey('trusted-1');
  await nix.succeed(['build', '--no-link', `${workspace}#default`]);
  const paths = (await nix.succeed(['path-info', '-r', `${workspace}#default`])).trim().split('\n');
  const folder = await nix.makeCache('cache', paths, key);
  const app = paths.find((storePath) => storePathName(storePath as StorePath) === 'app') as StorePath;
  await rm(path.join(folder, `${storePathHash(app)}.narinfo`));
  const cache = await serveFolder(folder);

  const confDir = path.join(nix.dir, 'editor-conf');
  await mkdir(confDir);
  const conf = await readFile(path.join(nix.confDir, 'nix.conf'), 'utf8');
  await writeFile(
    path.join(confDir, 'nix.conf'),
    conf.replace(/^store = .*$/m, `store = local?root=${path.join(nix.dir, 'empty')}`),
  );
  return {
    workspace,
    cache,
    key: key.publicKey.trim(),
    nix,
    env: {
      ...Object.fromEntries(Object.entries(nix.env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
      NIX_CONF_DIR: confDir,
      NIX_CONFIG: '',
      HOME: path.join(nix.dir, 'editor-home'),
    },
    end: async () => {
      await cache.close();
      await nix.dispose();
    },
  };
}
