import type { Logger } from '../engine/ports';

/** How much is written: `quiet` nothing but errors, `normal` warnings too, `verbose` everything. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

/**
 * Makes a logger for the command line, one line a message. Standard output belongs to results, so `write` is given standard error.
 */
export function consoleLogger(write: (text: string) => void, verbosity: Verbosity): Logger {
  const line = (level: string) => (message: string) => write(`flake-trust: ${level}${message}\n`);
  const nothing = () => undefined;
  return {
    debug: verbosity === 'verbose' ? line('') : nothing,
    info: verbosity === 'verbose' ? line('') : nothing,
    warn: verbosity === 'quiet' ? nothing : line('warning: '),
    error: line('error: '),
  };
}
