/** The executable `flake-trust`. */
import { parseArguments, type CliCommand } from './cli/options';
import type { CliProcess } from './cli/printReport';
import { EXIT } from './cli/exit';
import { baseRuntime } from './baseRuntime';

/** As shells report a process that a signal ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(): Promise<number> {
  const { stdout, stderr } = process;
  const parsed = parseArguments(process.argv.slice(2), {
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
  });
  if (parsed.kind === 'done') return parsed.exitCode;
  if (parsed.command.kind === 'lsp') {
    if (!process.argv.includes('--stdio')) process.argv.push('--stdio'); // where the protocol library looks
    await import('./main');
    return EXIT.ok;
  }
  const io: CliProcess = {
    cwd: process.cwd(),
    stdout,
    stderr,
    // Opened only when somebody is asked.
    get stdin() {
      return process.stdin;
    },
  };
  const controller = new AbortController();
  let signalled: number | undefined;
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      // Whoever presses Ctrl-C twice does not want to wait.
      if (signalled !== undefined) process.exit(code);
      signalled = code;
      controller.abort();
    });
  }
  try {
    const code = await run(parsed.command, io, controller.signal);
    if (signalled === undefined) return code;
    stderr.write('flake-trust: cancelled; the report says what was checked until then\n');
    return signalled;
  } catch (error) {
    if (signalled === undefined) throw error;
    stderr.write('flake-trust: cancelled\n');
    return signalled;
  } finally {
    for (const signal of Object.keys(SIGNALS)) process.removeAllListeners(signal);
  }
}

async function run(command: Exclude<CliCommand, { kind: 'lsp' }>, io: CliProcess, signal: AbortSignal): Promise<number> {
  // An audit of store paths needs neither flakes nor Nix, and is what people run most often: it starts without them.
  if (command.kind === 'report' && command.paths.length > 0 && command.outputs.length === 0 && command.binaries === undefined)
    return (await import('./cli/runClosure')).runClosure(command, baseRuntime(), io, signal);
  const { createRuntime, runMerge, runReport, runVet } = await import('./cli/commands');
  const runtime = createRuntime();
  switch (command.kind) {
    case 'merge':
      return runMerge(command, runtime, io, signal);
    case 'vet':
      return runVet(command, runtime, io, signal);
    case 'report':
      return runReport(command, runtime, io, signal);
  }
}

for (const stream of [process.stdout, process.stderr]) {
  // `flake-trust inputs | head` closes the pipe early: that is no failure of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
main().then(
  (code) => {
    // Not process.exit: what is still on its way to a pipe would be lost.
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `flake-trust: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = EXIT.failed;
  },
);
