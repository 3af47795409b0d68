/** Direct where that works, through the editor where only the editor knows the way out. */
import type { Transport, TransportFailure, TransportRequest, TransportResponse } from '../engine/ports';
import { parseUrl } from '../util/parseUrl';

/**
 * Failures that another way to the network may not have: the editor knows proxy scripts and the system's certificates. Behind a
 * proxy script a name is often not known to this machine, and what it can reach refuses it.
 */
const ANOTHER_WAY: ReadonlySet<TransportFailure['reason']> = new Set(['proxy', 'tls', 'dns', 'refused']);

/** Tries the first transport and, per host, falls back to the second; which one got through is remembered for the host. */
export class AutoTransport implements Transport {
  readonly #direct: Transport;
  readonly #editor: Transport;
  readonly #throughEditor = new Set<string>();

  constructor(direct: Transport, editor: Transport) {
    this.#direct = direct;
    this.#editor = editor;
  }

  async get(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure> {
    const host = parseUrl(request.url)?.host ?? '';
    if (this.#throughEditor.has(host)) return this.#editor.get(request, signal);

    const start = performance.now();
    const direct = await this.#direct.get(request, signal);
    if (direct.kind === 'response' || !ANOTHER_WAY.has(direct.reason)) return direct;
    const timeoutMs = Math.floor(request.timeoutMs - (performance.now() - start));
    if (timeoutMs <= 0) return direct;
    const editor = await this.#editor.get({ ...request, timeoutMs }, signal);
    // When neither gets through, the direct failure says more: it is nearer to the cause.
    if (editor.kind === 'failed') return ANOTHER_WAY.has(editor.reason) || editor.reason === 'network' ? direct : editor;
    this.#throughEditor.add(host);
    return editor;
  }

  /** Tries every host directly again, for example after the network changed. */
  forget(): void {
    this.#throughEditor.clear();
  }
}
