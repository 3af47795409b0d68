/** A package's name and version, as Nix tells them apart in the name of a store path. */
export interface DrvName {
  readonly name: string;
  /** Empty where the name has none. */
  readonly version: string;
}

/** Parts `hello-2.12.1` at the first dash that no letter follows. Source: Nix, `DrvName::DrvName`; `builtins.parseDrvName` is the same. */
export function parseDrvName(text: string): DrvName {
  const at = /-[^a-zA-Z]/.exec(text)?.index;
  return at === undefined ? { name: text, version: '' } : { name: text.slice(0, at), version: text.slice(at + 1) };
}
