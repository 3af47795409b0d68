/** `npm run pictures`: takes the pictures of the README from the packed extension, on the sample. `npm run pictures -- hover-dark` takes those named. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { demoFlake, demoNixConf, serveDemoCache } from '../../scripts/demoCache.mjs';
import manifest from '../../package.json';
import { makeClosureSample } from './closureSample';
import { makeVettingSample } from './vettingSample';
import { Workbench } from './workbench';

const root = path.join(__dirname, '..', '..');
const media = path.join(root, 'media');
const named = process.argv.slice(2);
const isWanted = (name: string): boolean => named.length === 0 || named.includes(name);

async function takePicture(
  name: string,
  theme: string,
  workspace: string,
  env: Record<string, string>,
  show: (code: Workbench) => Promise<unknown>,
): Promise<void> {
  if (!isWanted(name)) return;
  const code = await Workbench.open({
    vsix: path.join(root, `flake-trust-${manifest.version}.vsix`),
    workspace,
    env,
    theme,
    size: { width: 1040, height: 660 },
    scale: 1.5,
    settings: {
      'workbench.activityBar.location': 'hidden',
      'workbench.layoutControl.enabled': false,
      'window.title': 'flake.nix',
      'breadcrumbs.enabled': false,
      'git.enabled': false,
      'editor.scrollbar.horizontal': 'hidden',
    },
  });
  try {
    await code.openFile('flake.nix');
    await code.run('View: Toggle Primary Side Bar Visibility');
    await show(code);
    await code.page.waitForTimeout(500);
    await code.screenshot(name, media);
  } finally {
    await code.close();
  }
}

/** An input, its problems and the report, which need neither Nix nor git. */
async function demoPictures(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flake-'));
  const workspace = path.join(folder, 'demo');
  cpSync(demoFlake, workspace, { recursive: true });
  const cache = await serveDemoCache({ port: 8642 });
  writeFileSync(path.join(folder, 'nix.conf'), demoNixConf(cache.url));
  const env = { NIX_CONF_DIR: folder, NIX_USER_CONF_FILES: '', NIX_CONFIG: '' };
  try {
    await takePicture('hover-dark', 'Default Dark Modern', workspace, env, async (code) => {
      await code.status(/2 problems/);
      await code.hover('nixpkgs.url', 'nixpkgs', /flake-trust-demo-1/);
    });
    await takePicture('problems-light', 'Default Light Modern', workspace, env, async (code) => {
      await code.status(/2 problems/);
      await code.problems(/lock-tampered/);
    });
    await takePicture('report-dark', 'Default Dark Modern', workspace, env, async (code) => {
      await code.status(/2 problems/);
      await code.run('Flake Trust: Audit Flake Inputs');
      await code.preview(/home-manager/);
      await code.run('Notifications: Clear All Notifications');
    });
  } finally {
    await cache.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The closure view, which needs Nix. */
async function closurePicture(): Promise<void> {
  const sample = await makeClosureSample(8642);
  try {
    await takePicture('closure-dark', 'Default Dark Modern', sample.workspace, sample.env, async (code) => {
      await code.status(/Flake: /);
      const view = await code.auditOutputs();
      await code.run('Notifications: Clear All Notifications');
      await view.getByRole('columnheader', { name: 'Verdict' }).getByRole('button').click();
    });
  } finally {
    await sample.end();
  }
}

/** Vetting: an input that has moved on since its review, and what changed in it. */
async function vettingPictures(): Promise<void> {
  const sample = await makeVettingSample(8642);
  const picture = (name: string, theme: string, show: (code: Workbench) => Promise<unknown>) =>
    takePicture(name, theme, sample.workspace, sample.env, async (code) => {
      await code.status(/1 problem/);
      await show(code);
    });
  try {
    await picture('vetting-hover-dark', 'Default Dark Modern', (code) => code.hover('greeter.url', 'greeter', /Review Changes/));
    await picture('vetting-changes-light', 'Default Light Modern', async (code) => {
      await code.compareWith('greeter', sample.clone);
      await code.preview(/3 commits/);
    });
  } finally {
    await sample.end();
  }
}

/** Each sample with its pictures. */
const SAMPLES: readonly (readonly [pictures: readonly string[], take: () => Promise<void>])[] = [
  [['hover-dark', 'problems-light', 'report-dark'], demoPictures],
  [['closure-dark'], closurePicture],
  [['vetting-hover-dark', 'vetting-changes-light'], vettingPictures],
];

async function main(): Promise<void> {
  const names = SAMPLES.flatMap(([pictures]) => pictures);
  const unknown = named.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`No picture called ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  for (const [pictures, take] of SAMPLES) if (pictures.some(isWanted)) await take();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
