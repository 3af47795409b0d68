/**
 * All tests. `npm test` installs what is missing, runs every suite that this machine can run, and closes with one line
 * of counts. A suite whose program is missing counts as skipped and is named; with `--require-all` it counts as failed.
 * `npm test -- unit nix` runs the suites named.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrograms, installHint } from './systemPackages.mjs';
import { ensureDependencies } from './dependencies.mjs';

const root = join(import.meta.dirname, '..');
process.chdir(root);
const results = join(root, 'out', 'test-results');
const corpus = process.env.FLAKE_TRUST_CORPUS ?? join(root, '..', 'shared', 'corpus');

const mocha = (...specs) => ['node', 'node_modules/mocha/bin/mocha.js', '--reporter', 'scripts/countingReporter.cjs', ...specs];
const withSpecs = (...specs) => mocha('--config', 'scripts/mocha.suite.json', ...specs);

const UNIT = [
  'test/{client,domain,engine,features,adapters,report,util,lsp,server,cli,closureThread}/**/*.test.ts',
  'test/*.test.ts',
];

/** In order: what is cheap and breaks most often comes first. `counts`: the suite writes its own counts. */
const suites = [
  { name: 'typecheck', command: ['npm', 'run', '--silent', 'typecheck'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'format', command: ['npm', 'run', '--silent', 'format:check'] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build', '--', '--production'] },
  { name: 'unit', command: mocha(...UNIT), counts: true },
  { name: 'grammar', command: ['npm', 'run', '--silent', 'test:grammar'] },
  {
    name: 'corpus',
    command: withSpecs('test/corpus/**/*.corpus.ts'),
    counts: true,
    when: () => existsSync(corpus),
    why: 'the corpus is not here; its sample in test/fixtures ran in "unit"',
    optional: true,
  },
  { name: 'nix', command: withSpecs('test/nix/**/*.nix.test.ts'), counts: true, programs: ['nix', 'git'] },
  { name: 'editors', command: withSpecs('test/editors/**/*.test.ts'), counts: true, programs: ['nvim'] },
  { name: 'view', command: withSpecs('test/{webview,browser}/**/*.test.ts'), counts: true, programs: ['chromium'] },
  { name: 'package', command: ['npm', 'run', '--silent', 'package'] },
  { name: 'extension', command: ['npm', 'run', '--silent', 'test:extension'], counts: true, programs: ['chromium'] },
  { name: 'vsix', command: ['npm', 'run', '--silent', 'test:vsix'], counts: true, programs: ['chromium', 'nix', 'git'] },
];

const words = process.argv.slice(2);
const requireAll = words.includes('--require-all');
const chosen = words.filter((word) => !word.startsWith('--'));
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`No suite called ${unknown.join(', ')}. There are: ${suites.map((suite) => suite.name).join(', ')}.`);
  process.exit(2);
}

ensureDependencies(root);
mkdirSync(results, { recursive: true });

let passed = 0;
let failed = 0;
let skipped = 0;
const notes = [];

for (const suite of suites) {
  if (chosen.length > 0 && !chosen.includes(suite.name)) continue;
  if (suite.when !== undefined && !suite.when()) {
    notes.push(`${suite.name}: not run, ${suite.why}`);
    continue;
  }
  const missing = ensurePrograms(suite.programs ?? []);
  if (missing.length > 0) {
    notes.push(`${suite.name}: not run, ${missing.join(', ')} not found (${installHint(missing)})`);
    if (requireAll) failed++;
    else skipped++;
    continue;
  }
  console.log(`\n== ${suite.name}`);
  const file = join(results, `${suite.name}.json`);
  rmSync(file, { force: true });
  const started = process.hrtime.bigint();
  const [program, ...args] = suite.command;
  const { status } = spawnSync(program, args, {
    stdio: 'inherit',
    env: { ...process.env, FLAKE_TRUST_RESULTS: file, FLAKE_TRUST_CORPUS: corpus },
  });
  const seconds = Number((process.hrtime.bigint() - started) / 1_000_000n) / 1000;
  const counts = suite.counts && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  if (counts !== undefined) {
    passed += counts.passed;
    // A suite that died after its last test, or ran none, has failed whatever it counted.
    failed += counts.failed > 0 ? counts.failed : status !== 0 || counts.passed === 0 ? 1 : 0;
    if (counts.pending > 0) {
      notes.push(`${suite.name}: ${counts.pending} test(s) skipped themselves`);
      if (requireAll) failed += counts.pending;
      else skipped += counts.pending;
    }
  } else if (status === 0 && !suite.counts) passed++;
  else failed++;
  console.log(
    `-- ${suite.name}: ${status === 0 ? 'ok' : `failed (exit ${status})`}${counts ? `, ${counts.passed} passed, ${counts.failed} failed` : ''}, ${seconds.toFixed(1)} s`,
  );
}

console.log('');
for (const note of notes) console.log(note);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
