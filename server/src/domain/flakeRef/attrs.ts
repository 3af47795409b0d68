/** The attributes of a flake reference, as flake.lock writes them and as flake.nix may write them. */

/** A value of an input attribute: flat, never an object. Integers are not negative. */
export type AttrValue = string | number | boolean;

/** The attributes of a flake reference, `type` among them. A Map, because names come from files (`__proto__`). */
export type FlakeAttrs = ReadonlyMap<string, AttrValue>;

/** Reads an attribute that has to be a string. */
export function stringAttr(attrs: FlakeAttrs, name: string): string | undefined {
  const value = attrs.get(name);
  return typeof value === 'string' ? value : undefined;
}

/** Reads an attribute that has to be an integer. */
export function numberAttr(attrs: FlakeAttrs, name: string): number | undefined {
  const value = attrs.get(name);
  return typeof value === 'number' ? value : undefined;
}

/** A commit: 40 hexadecimal digits (SHA-1), or 64 (SHA-256 repositories). */
const REV = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** Tells whether a text is a whole commit hash. */
export function isRev(text: string): boolean {
  return REV.test(text);
}

/** The forges that have an input type of their own, with the host that a reference without `host` means. */
export const FORGE_HOSTS: ReadonlyMap<string, string> = new Map([
  ['github', 'github.com'],
  ['gitlab', 'gitlab.com'],
  ['sourcehut', 'git.sr.ht'],
]);

/** Gives the host of a forge reference, in lower case; nothing for other types. */
export function forgeHost(attrs: FlakeAttrs): string | undefined {
  const type = stringAttr(attrs, 'type');
  const byDefault = type === undefined ? undefined : FORGE_HOSTS.get(type);
  return byDefault === undefined ? undefined : (stringAttr(attrs, 'host') ?? byDefault).toLowerCase();
}
