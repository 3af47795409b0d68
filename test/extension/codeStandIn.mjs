#!/usr/bin/env node
/**
 * A stand-in for the executable of desktop VS Code, for `runTests` of @vscode/test-electron: it takes the same switches,
 * starts the VS Code of scripts/vscode.mjs, opens it in a headless Chromium, passes on what the tests write, and ends with their
 * exit code. All that is written to the consoles of VS Code goes to out/test-logs/extension.log.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGS, findChromium, startVscode } from '../../scripts/vscode.mjs';

const LIMIT_MS = 5 * 60_000;

/** What suite/index.ts puts before each line. */
const TEST_LINE = '[test] ';

const log = path.join(import.meta.dirname, '..', '..', 'out', 'test-logs', 'extension.log');
mkdirSync(path.dirname(log), { recursive: true });
writeFileSync(log, '');

const switches = new Map();
const folders = [];
for (const word of process.argv.slice(2)) {
  const [, name, value = ''] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === undefined) folders.push(word);
  else switches.set(name, value);
}

const profile = await mkdtemp(path.join(os.tmpdir(), 'flake-trust-vscode-'));
const vscode = await startVscode({ serverDataDir: profile, trust: switches.has('disable-workspace-trust') });
let browser;
try {
  browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_ARGS });
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  process.exitCode = await run(await context.newPage());
} finally {
  await browser?.close();
  await vscode.stop();
  await rm(profile, { recursive: true, force: true });
}

/** Opens the workbench with the tests, and gives their exit code. */
async function run(page) {
  const ended = new Promise((resolve) => {
    void page.exposeFunction('codeAutomationExit', (code) => resolve(code));
    void page.exposeFunction('codeAutomationLog', (type, args) => print(type, args));
    page.once('crash', () => resolve(1));
    setTimeout(() => {
      console.error(`The tests did not end within ${LIMIT_MS / 60_000} minutes.`);
      resolve(1);
    }, LIMIT_MS).unref();
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve(1));
  });
  const remote = (file) => `vscode-remote://127.0.0.1:${vscode.port}${path.resolve(file).split(path.sep).join('/')}`;
  const address = new URL(vscode.url);
  address.searchParams.set('folder', path.resolve(folders[0]).split(path.sep).join('/'));
  const payload = [
    ['extensionDevelopmentPath', remote(switches.get('extensionDevelopmentPath'))],
    ['extensionTestsPath', remote(switches.get('extensionTestsPath'))],
    ['skipWelcome', 'true'],
  ];
  address.searchParams.set('payload', JSON.stringify(payload));
  await page.goto(address.href);
  return ended;
}

/** Prints what the tests wrote: their lines are marked, because VS Code writes a lot itself. */
function print(type, args) {
  const line = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ');
  appendFileSync(log, `${type}: ${line}\n`);
  if (line.startsWith(TEST_LINE)) process.stdout.write(`${line.slice(TEST_LINE.length)}\n`);
}
