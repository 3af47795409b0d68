/** Where the server's log goes: to the editor, as `window/logMessage`. */
import type { Connection } from 'vscode-languageserver';
import type { Clock, Logger } from '../engine/ports';
import { plainText } from '../util/plainText';

const REPEAT_AFTER_MS = 10 * 60_000;
const REMEMBERED = 500;

/**
 * Makes a log that writes to the editor. The same warning or error is written once in ten minutes, so that a cache that is down does not
 * fill the log. Lines are stripped of control characters: parts of them come from files and caches.
 */
export function createLog(connection: Connection, clock: Clock): Logger {
  const written = new Map<string, number>();
  const isNew = (message: string): boolean => {
    const now = clock.now();
    const last = written.get(message);
    if (last !== undefined && now - last < REPEAT_AFTER_MS) return false;
    written.delete(message);
    written.set(message, now);
    const [oldest] = written.keys();
    if (written.size > REMEMBERED && oldest !== undefined) written.delete(oldest);
    return true;
  };
  const line = (message: string): string => plainText(message, 2000);
  return {
    debug: (message) => connection.console.log(line(message)),
    info: (message) => connection.console.info(line(message)),
    warn: (message) => {
      if (isNew(message)) connection.console.warn(line(message));
    },
    error: (message) => {
      if (isNew(message)) connection.console.error(line(message));
    },
  };
}

/** Describes something thrown, with where it was thrown: for the log, never for a message to the user. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message).split('\n').slice(0, 8).join(' ') : String(thrown);
}
