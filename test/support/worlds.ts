/** Small stand-ins for the ports that adapters are given. */
import type { Clock, Environment, Logger } from '../../server/src/engine/ports';

/** An environment with these variables and nothing else. */
export function environment(variables: Readonly<Record<string, string>> = {}, home = '/nonexistent'): Environment {
  return { variables, home, platform: process.platform };
}

/** A logger that keeps what it is told, each line with its level. */
export function recordingLogger(): Logger & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A clock that goes only when it is told, and the sleep that tells it. */
export function manualClock(
  start = 1_700_000_000_000,
): Clock & { advance(ms: number): void; readonly sleep: (ms: number, signal: AbortSignal) => Promise<void> } {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => void (now += ms),
    sleep: (ms, signal) => {
      signal.throwIfAborted();
      now += ms;
      return Promise.resolve();
    },
  };
}

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
