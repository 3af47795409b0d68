import type { StorePath } from '../../server/src/domain/storePath';
import { serveFolder } from '../nix/serveFolder';
import { runCli, type CliRun } from './cli';
import { cliHome } from './cliHome';
import { makeCaches, type CacheName, type MadeCache } from './madeCache';

/** Two made caches behind a web server, and a home of the bundled command line that audits them. */
export interface CliCaches {
  readonly home: string;
  readonly made: MadeCache;
  readonly urls: Readonly<Record<CacheName, string>>;
  /** Runs `flake-trust audit --path`, which asks both caches and trusts the keys of both. */
  audit(roots: readonly StorePath[], ...args: string[]): Promise<CliRun>;
  end(): Promise<void>;
}

/** @param options Those of scripts/bench/makeCache.mjs, beside `--second`. */
export async function cliCaches(options: readonly string[]): Promise<CliCaches> {
  const { home, remove } = cliHome();
  const made = makeCaches([...options, '--second']);
  const server = await serveFolder(made.dir);
  const urls = { a: `${server.url}/a`, b: `${server.url}/b` };
  return {
    home,
    made,
    urls,
    audit: (roots, ...args) =>
      runCli(
        [
          ...['audit', '--path', roots.join(' '), '--no-nix-conf', '--substituters', `${urls.a} ${urls.b}`],
          ...['--trusted-public-keys', `${made.keys.a} ${made.keys.b}`, ...args],
        ],
        home,
      ),
    end: async () => {
      await server.close();
      await made.dispose();
      remove();
    },
  };
}
