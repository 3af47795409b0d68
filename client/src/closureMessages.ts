/**
 * Reads what the closure view sends. The page shows text that caches and flakes wrote; should one of them ever make it run something,
 * what it could say here names things that the audit holds, and nothing else.
 */
import type { ExportFormat, FromView } from '../webview/messages';

export const EXPORT_FORMATS = [
  'html',
  'markdown',
  'text',
  'json',
  'sarif',
  'cyclonedx',
] as const satisfies readonly ExportFormat[];

const MAX_TEXT = 2000;

/** The message, or nothing for anything that the view would not send. */
export function parseMessage(value: unknown): FromView | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, storePath, cache, fill, finding, code, format } = value as Readonly<Record<string, unknown>>;
  switch (type) {
    case 'ready':
    case 'again':
    case 'restart':
      return { type };
    case 'details':
    case 'copyPath':
      return typeof storePath === 'string' && storePath.length <= MAX_TEXT ? { type, storePath } : undefined;
    case 'copyFill':
      return isIndex(cache) && isIndex(fill) ? { type, cache, fill } : undefined;
    case 'copyCommand':
    case 'open':
      return isIndex(finding) ? { type, finding } : undefined;
    case 'help':
      return typeof code === 'string' && /^[a-z0-9-]{1,60}$/.test(code) ? { type, code } : undefined;
    case 'export': {
      const known = EXPORT_FORMATS.find((one) => one === format);
      return known === undefined ? undefined : { type, format: known };
    }
    default:
      return undefined;
  }
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
