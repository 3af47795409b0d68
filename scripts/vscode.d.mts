/** Types of vscode.mjs, for the tests. */
export const CHROMIUM_ARGS: readonly string[];
export function findChromium(): string;
export function ensureVscode(log?: (message: string) => void): Promise<string>;
export function freePort(): Promise<number>;
export function installExtension(vsix: string, serverDataDir: string): Promise<void>;

export interface RunningVscode {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}
export function startVscode(options: {
  serverDataDir: string;
  trust?: boolean;
  port?: number;
  token?: string;
  env?: Readonly<Record<string, string>>;
  settings?: Readonly<Record<string, unknown>>;
  onLine?: (line: string) => void;
}): Promise<RunningVscode>;
