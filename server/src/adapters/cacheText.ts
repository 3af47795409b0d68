/** What every kind of cache has to hold: small UTF-8 texts. */

/** The largest nix-cache-info or narinfo that is read. A narinfo with thousands of references is still far smaller. */
export const MAX_CACHE_FILE_BYTES = 256 * 1024;

/** Decodes UTF-8; `undefined` for anything else. A byte order mark stays, as it does for Nix. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Tells a sign-in form or an error page, served with status 200, from a file of a cache; what its type is said to be does not count. */
export function looksLikeWebPage(text: string): boolean {
  return /^\uFEFF?\s{0,100}<(?:!doctype|html|head|body|!--|\?xml)/i.test(text.slice(0, 200));
}
