/** Fetches the one document that the user named, and nothing else: no other folder, no other host, no http but on this computer. */
import type { Transport } from '../../engine/ports';
import type { DocumentFetch } from '../../engine/vetting/ports';
import { parseUrl } from '../../util/parseUrl';
import { plainText } from '../../util/plainText';
import { AllowListTransport } from '../allowListTransport';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Makes a fetch over a transport. */
export function documentFetch(
  transport: Transport,
  options: { readonly timeoutMs: number; readonly userAgent: string },
): DocumentFetch {
  return async (text, maxBytes, signal) => {
    const url = parseUrl(text);
    if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
      return { kind: 'failed', reason: 'it is no web address', refused: true };
    if (url.username !== '' || url.password !== '')
      return { kind: 'failed', reason: 'its address has a password in it, which would be written to the policy', refused: true };
    if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname)) {
      return {
        kind: 'failed',
        reason: 'it is not encrypted: whoever is on the way could write reviews; use https',
        refused: true,
      };
    }
    url.hash = '';
    const gate = new AllowListTransport(transport);
    gate.allow([new URL('.', url).href]);
    const headers = { 'user-agent': options.userAgent, accept: 'application/json, */*;q=0.1' };
    const answer = await gate.get({ url: url.href, headers, maxBytes, timeoutMs: options.timeoutMs }, signal);
    if (answer.kind === 'failed') {
      const refused = answer.reason === 'too-large' || answer.reason === 'redirect' || answer.reason === 'not-allowed';
      return { kind: 'failed', reason: plainText(answer.message, 300), ...(refused ? { refused } : {}) };
    }
    if (answer.status !== 200) return { kind: 'failed', reason: `the server answers with status ${answer.status}` };
    try {
      return { kind: 'fetched', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(answer.body) };
    } catch {
      return { kind: 'failed', reason: 'it is no text in UTF-8', refused: true };
    }
  };
}
