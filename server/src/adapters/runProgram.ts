/** Runs another program: bounded in time and output, and gone, with all that it started, when nobody wants its answer any more. */
import { spawn, type ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { onAbort } from '../util/abort';

export interface ProgramRequest {
  /** Absolute path of the executable; no shell reads it. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Bytes of standard output; more of it ends the program. */
  readonly maxOutput: number;
}

export type ProgramOutcome =
  | {
      readonly kind: 'exited';
      /** 128 and more when a signal ended it. */ readonly status: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: 'timeout'; readonly stderr: string }
  | { readonly kind: 'too-large'; /** The beginning. */ readonly stdout: string }
  | { readonly kind: 'not-started'; readonly code: string };

/** Errors are said last, so the last is kept. */
const KEPT_STDERR = 256 * 1024;

/** Between asking a program to end and ending it. */
const GRACE_MS = 500;

/** Groups that run, to be ended with us: they have a session of their own, which no closing terminal ends. */
const running = new Set<number>();
/** Groups that were asked to end and have not been ended yet. */
const ending = new Set<number>();
process.on('exit', () => {
  for (const pid of [...running, ...ending]) killGroup(pid, 'SIGKILL');
});

/** Runs a program with standard input closed and no terminal to ask on. Rejects only when `signal` aborts, at once. */
export function runProgram(request: ProgramRequest, signal: AbortSignal): Promise<ProgramOutcome> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(request.file, request.args, {
      cwd: request.cwd,
      env: request.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      // A process group of its own can be ended as a whole; a session of its own has no terminal, so that ssh cannot ask for a password.
      detached: true,
      windowsHide: true,
    });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    let over: 'timeout' | 'too-large' | undefined;
    const stop = (reason: 'timeout' | 'too-large') => {
      over ??= reason;
      endGroup(child);
    };
    const timer = setTimeout(() => stop('timeout'), request.timeoutMs);
    const stopListening = onAbort(signal, () => {
      endGroup(child);
      reject(signal.reason as Error);
    });

    const stdout = gather(request.maxOutput, () => stop('too-large'));
    const stderr = gatherLast(KEPT_STDERR);
    child.stdout.on('data', stdout.add);
    child.stderr.on('data', stderr.add);
    const settle = (outcome: ProgramOutcome) => {
      clearTimeout(timer);
      stopListening();
      if (pid !== undefined) running.delete(pid);
      resolve(outcome);
    };
    child.on('error', (error: NodeJS.ErrnoException) => settle({ kind: 'not-started', code: error.code ?? error.message }));
    child.on('close', (code) => {
      if (over === 'timeout') settle({ kind: 'timeout', stderr: stderr.text() });
      else if (over === 'too-large') settle({ kind: 'too-large', stdout: stdout.text() });
      else settle({ kind: 'exited', status: code ?? 128, stdout: stdout.text(), stderr: stderr.text() });
    });
  });
}

interface Gatherer {
  readonly add: (chunk: Buffer) => void;
  readonly text: () => string;
}

function gather(maxBytes: number, onTooMuch: () => void): Gatherer {
  const decoder = new StringDecoder('utf8');
  const texts: string[] = [];
  let bytes = 0;
  return {
    add: (chunk) => {
      const room = maxBytes - bytes;
      bytes += chunk.length;
      if (room > 0) texts.push(decoder.write(chunk.subarray(0, room)));
      if (bytes > maxBytes) onTooMuch();
    },
    text: () => texts.join('') + decoder.end(),
  };
}

function gatherLast(keptBytes: number): Gatherer {
  let chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add: (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > keptBytes * 2) {
        chunks = [Buffer.concat(chunks).subarray(-keptBytes)];
        bytes = keptBytes;
      }
    },
    text: () => Buffer.concat(chunks).subarray(-keptBytes).toString('utf8'),
  };
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined) return;
  killGroup(pid, 'SIGTERM');
  // What ignores the request is ended; what went on after its parent had gone as well.
  if (exitCode !== null || signalCode !== null) return;
  ending.add(pid);
  const timer = setTimeout(() => {
    ending.delete(pid);
    killGroup(pid, 'SIGKILL');
  }, GRACE_MS);
  // Whoever cancelled does not wait for it: our own end is theirs, too.
  timer.unref();
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}
