/** Types of demoCache.mjs, for the tests. */
export const demoFlake: string;
export const demoPublicKey: string;
export function demoCacheFiles(): Map<string, string>;
export function demoNixConf(cacheUrl: string): string;
export function serveDemoCache(options?: {
  port?: number;
  files?: ReadonlyMap<string, string>;
  onRequest?: (path: string) => void;
  delayMs?: () => number;
}): Promise<{ readonly url: string; close(): Promise<void> }>;
