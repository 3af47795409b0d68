/** Runs the shell steps of a composite action as a GitHub runner does, and those of a GitLab job as its runner does. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export const repositoryRoot = path.join(__dirname, '../..');

export interface ActionStep {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
  readonly run?: string;
}

export interface Action {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly default?: string; readonly required?: boolean }>
  >;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly ActionStep[] };
}

export interface GitLabJob {
  readonly extends?: string;
  readonly image?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly artifacts?: {
    readonly when: string;
    readonly paths: readonly string[];
    readonly reports: Readonly<Record<string, string>>;
  };
}

export function readYaml(file: string): unknown {
  return parse(readFileSync(path.join(repositoryRoot, file), 'utf8')) as unknown;
}

export interface JobRun {
  readonly code: number;
  readonly output: string;
  /** By step id and name. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** Runs `run:` steps with their environment; steps that use other actions are left out. Ends as the job would. */
export async function runAction(
  action: Action,
  inputs: Readonly<Record<string, string>>,
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<JobRun> {
  const temp = mkdtempSync(path.join(cwd, '.runner-'));
  const outputs: Record<string, string> = {};
  const values = {
    ...Object.fromEntries(Object.entries(action.inputs).map(([name, { default: value = '' }]) => [name, value])),
    ...inputs,
  };
  const expand = (text: string): string =>
    text.replace(/\$\{\{ *([\w.-]+) *\}\}/g, (_, expression: string) => {
      const [, input] = /^inputs\.([\w-]+)$/.exec(expression) ?? [];
      const [, output] = /^steps\.([\w-]+\.outputs\.[\w-]+)$/.exec(expression) ?? [];
      if (input !== undefined) return values[input] ?? '';
      if (output !== undefined) return outputs[output] ?? '';
      if (expression === 'github.action_path') return repositoryRoot;
      throw new Error(`The expression ${expression} is not known`);
    });
  let code = 0;
  let output = '';
  const summary = path.join(temp, 'summary');
  writeFileSync(summary, '');
  for (const [index, step] of action.runs.steps.entries()) {
    if (step.run === undefined) continue;
    const script = path.join(temp, `step-${index}.sh`);
    const outputFile = path.join(temp, `output-${index}`);
    writeFileSync(script, step.run);
    writeFileSync(outputFile, '');
    const stepEnv = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, expand(value)]));
    const ran = await shell('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], cwd, {
      ...env,
      ...{ RUNNER_TEMP: temp, GITHUB_OUTPUT: outputFile, GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: 'true' },
      ...stepEnv,
    });
    output += ran.output;
    if (ran.code !== 0) code = ran.code;
    for (const line of readFileSync(outputFile, 'utf8').split('\n')) {
      const [, name, value] = /^([\w-]+)=(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) outputs[`${step.id ?? ''}.outputs.${name}`] = value;
    }
  }
  return { code, output, outputs, summary: readFileSync(summary, 'utf8') };
}

/** A job with what it extends laid under it. */
export function gitLabJob(file: Readonly<Record<string, GitLabJob>>, name: string): GitLabJob {
  const job = file[name];
  if (job === undefined) throw new Error(`There is no job ${name}`);
  if (job.extends === undefined) return job;
  const base = gitLabJob(file, job.extends);
  return { ...base, ...job, variables: { ...base.variables, ...job.variables } };
}

/** Runs the scripts of a job in one shell, as GitLab does. */
export async function runGitLab(
  { variables = {}, before_script = [], script = [] }: GitLabJob,
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<{ code: number; output: string }> {
  mkdirSync(cwd, { recursive: true });
  const text = ['set -eo pipefail', ...before_script, ...script].join('\n');
  // A pipeline's own variables go before those of a template.
  return shell('bash', ['-c', text], cwd, { ...variables, ...env });
}

function shell(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? 1, output });
    });
  });
}
