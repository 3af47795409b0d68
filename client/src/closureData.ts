/** What the server tells of a finished audit in pieces, put together. */
import {
  CLOSURE_EXPORT,
  CLOSURE_PATHS,
  type ClosureColumns,
  type ClosureExportParams,
  type ClosureExportResult,
  type ClosurePathsParams,
} from '../../server/src/protocol';
import type { LanguageServer } from './languageServer';

type Requests = Pick<LanguageServer, 'request'>;

/** Gets all rows of an audit; nothing when the server no longer holds it. */
export async function closureColumns(server: Requests, audit: string): Promise<ClosureColumns | undefined> {
  let whole: ClosureColumns | undefined;
  for (;;) {
    const offset = whole?.names.length ?? 0;
    const piece = await server.request<ClosureColumns | null>(CLOSURE_PATHS, { audit, offset } satisfies ClosurePathsParams);
    if (piece === null) return undefined;
    whole = whole === undefined ? piece : joined(whole, piece);
    if (piece.names.length === 0 || whole.names.length >= whole.total) return whole;
  }
}

function joined(a: ClosureColumns, b: ClosureColumns): ClosureColumns {
  return {
    ...a,
    names: [...a.names, ...b.names],
    verdicts: [...a.verdicts, ...b.verdicts],
    keys: [...a.keys, ...b.keys],
    from: [...a.from, ...b.from],
    sizes: [...a.sizes, ...b.sizes],
    references: [...a.references, ...b.references],
    referrers: [...a.referrers, ...b.referrers],
    built: [...a.built, ...b.built],
    ...(a.agreements === undefined ? {} : { agreements: [...a.agreements, ...(b.agreements ?? [])] }),
    inputs: [...a.inputs, ...b.inputs],
  };
}

/** Gets an audit as the pieces of a file's text; none when the server no longer holds it. */
export async function closureExport(
  server: Requests,
  audit: string,
  format: ClosureExportParams['format'],
): Promise<readonly string[]> {
  const pieces: string[] = [];
  for (let next: string | undefined; ;) {
    const params: ClosureExportParams = { audit, format, ...(next === undefined ? {} : { next }) };
    const piece: ClosureExportResult = await server.request<ClosureExportResult>(CLOSURE_EXPORT, params);
    if (piece.text !== '') pieces.push(piece.text);
    next = piece.next;
    if (next === undefined) return pieces;
  }
}
