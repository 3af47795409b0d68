// Bundles the extension, the language server, the command line (CommonJS) and the page of the closure view into dist/.
// Types are checked by `npm run typecheck`, not here.
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import esbuild from 'esbuild';
import { noticesOf } from './scripts/notices.mjs';

const root = import.meta.dirname;
const production = process.argv.includes('--production');
const watching = process.argv.includes('--watch');

/**
 * What is loaded when it is needed stays a bundle of its own, so that the others start without it and ship no second copy:
 * `import('./main')` in cli.ts stays an import of dist/server.js, its commands are loaded when called, and undici comes with dist/directTransport.js, when something is asked
 * the careful way.
 */
const bundlesStayApart = {
  name: 'bundles-stay-apart',
  setup(build) {
    build.onResolve({ filter: /^\.\/(main|server\.js)$/ }, (args) =>
      path.basename(args.importer) === 'cli.ts' ? { path: './server.js', external: true } : undefined,
    );
    build.onResolve({ filter: /^\.\/cli\/(commands|runClosure)$/ }, (args) =>
      args.kind === 'dynamic-import' ? { path: `./${path.basename(args.path)}.js`, external: true } : undefined,
    );
    build.onResolve({ filter: /\/adapters\/directTransport$/ }, (args) =>
      args.kind === 'dynamic-import' ? { path: './directTransport.js', external: true } : undefined,
    );
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // What is loaded later is loaded by `require`: for an `import()` of CommonJS, Node first reads the whole file for the names that it exports,
  // which takes a tenth of a second here.
  supported: { 'dynamic-import': false },
  // jsonc-parser's `main` is UMD, whose require calls no bundler can follow.
  mainFields: ['module', 'main'],
  minify: production,
  sourcemap: !production,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  plugins: [bundlesStayApart],
};

const bundles = [
  { ...shared, entryPoints: ['client/src/extension.ts'], outfile: 'dist/extension.js', external: ['vscode'] },
  { ...shared, entryPoints: ['server/src/main.ts'], outfile: 'dist/server.js' },
  {
    ...shared,
    entryPoints: ['server/src/cli.ts'],
    outfile: 'dist/cli.js',
    banner: { js: '#!/usr/bin/env node' },
  },
  {
    ...shared,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    supported: {},
    entryPoints: [
      { in: 'client/webview/main.ts', out: 'closureView' },
      { in: 'client/webview/style.css', out: 'closureView' },
    ],
    outdir: 'dist',
    loader: { '.svg': 'text' },
  },
  { ...shared, entryPoints: ['server/src/adapters/directTransport.ts'], outfile: 'dist/directTransport.js' },
  { ...shared, entryPoints: ['server/src/cli/commands.ts'], outfile: 'dist/commands.js' },
  { ...shared, entryPoints: ['server/src/cli/runClosure.ts'], outfile: 'dist/runClosure.js' },
  { ...shared, entryPoints: ['server/src/closureThread.ts'], outfile: 'dist/closureThread.js' },
  { ...shared, entryPoints: ['server/src/signatureWorker.ts'], outfile: 'dist/signatureWorker.js' },
];

/** Copies the grammars that are made at build time. */
async function copyGrammars() {
  const script = path.join(root, 'scripts/copyGrammar.mjs');
  if (existsSync(script)) await import(pathToFileURL(script).href);
}

async function finish(results) {
  const cli = path.join(root, 'dist/cli.js');
  if (existsSync(cli)) await chmod(cli, 0o755);
  if (production)
    await writeFile(
      path.join(root, 'dist/THIRD-PARTY-NOTICES.txt'),
      await noticesOf(
        root,
        results.map(({ metafile }) => metafile),
      ),
    );
}

await mkdir(path.join(root, 'dist'), { recursive: true });
await copyGrammars();

if (watching) {
  let building = 0;
  const report = {
    name: 'report',
    setup(build) {
      // The two lines between which VS Code's task "watch" waits: see .vscode/tasks.json.
      build.onStart(() => {
        if (building++ === 0) console.log('[watch] build started');
      });
      build.onEnd(async ({ errors }) => {
        await finish([]);
        for (const { text, location } of errors)
          console.error(`${location?.file}:${location?.line}:${location?.column}: error: ${text}`);
        if (--building === 0) console.log('[watch] build finished');
      });
    },
  };
  const contexts = await Promise.all(
    bundles.map((bundle) => esbuild.context({ ...bundle, plugins: [...(bundle.plugins ?? []), report] })),
  );
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  try {
    await finish(await Promise.all(bundles.map((bundle) => esbuild.build(bundle))));
  } catch {
    process.exit(1); // esbuild printed what is wrong
  }
}
