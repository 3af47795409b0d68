/** Runs the bundled command line in a pseudo terminal, as somebody sits before it. */
import { spawn } from 'node:child_process';
import { bareEnvironment, cliBundle } from './cli';

export interface TerminalRun {
  readonly code: number | null;
  /** What the terminal shows: both streams, what was typed, line ends as they are in a file. */
  readonly screen: string;
}

/** A question that has to appear, and what is typed then. */
export type Exchange = readonly [question: RegExp, answer: string];

/** Types each answer when its question has appeared behind the one before. */
export function runInTerminal(
  args: readonly string[],
  home: string,
  { cwd = home, exchanges, env = {} }: { cwd?: string; exchanges: readonly Exchange[]; env?: Readonly<Record<string, string>> },
): Promise<TerminalRun> {
  const words = [process.execPath, cliBundle, ...args];
  // The program `script` of util-linux and of BSD gives whom it runs a terminal of its own.
  const run =
    process.platform === 'linux'
      ? ['-qfec', words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' '), '/dev/null']
      : ['-q', '/dev/null', ...words];
  return new Promise((resolve, reject) => {
    const child = spawn('script', run, {
      cwd,
      env: { ...bareEnvironment(home), TERM: 'dumb', SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const waiting = [...exchanges];
    let screen = '';
    let seen = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text.replaceAll('\r\n', '\n');
      const [question, answer] = waiting[0] ?? [];
      const found = question?.exec(screen.slice(seen));
      if (!found || answer === undefined) return;
      seen += found.index + found[0].length;
      waiting.shift();
      child.stdin.write(`${answer}\n`);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (waiting.length === 0) resolve({ code, screen });
      else reject(new Error(`It never asked ${String(waiting[0]?.[0])}:\n${screen}`));
    });
  });
}
