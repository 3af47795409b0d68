import type { Logger } from '../engine/ports';

/** Keeps messages until the progress bar is gone, each once. */
export function laterLog(log: Logger): Logger & { flush(): void } {
  const waiting = new Map<string, () => void>();
  const keep = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string) => {
    waiting.set(`${level} ${message}`, () => log[level](message));
  };
  return {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    flush: () => {
      for (const write of waiting.values()) write();
      waiting.clear();
    },
  };
}
