import type { Logger } from '../../server/src/engine/ports';

/** A log that keeps its lines, each with its level before it. */
export function fakeLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const level = (name: string) => (message: string) => {
    lines.push(`${name}: ${message}`);
  };
  return { lines, debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}
