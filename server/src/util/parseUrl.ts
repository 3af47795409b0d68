/** Parses an absolute URL as the WHATWG standard says; `undefined` instead of a throw. (`URL.parse` is not in Node 20.) */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
