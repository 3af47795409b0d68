/** Under which attributes of a package set a derivation may be found. Guesses, each of which is checked before it counts. */

/**
 * Lists attribute names for a derivation name: `openssl-3.0.13` may be `openssl` or `openssl_3`, `gcc-wrapper-13.2.0` may be `gcc`.
 * Source of where the version begins: Nix, `builtins.parseDrvName`.
 */
export function attributeNames(derivationName: string): string[] {
  const [, name = derivationName, version = ''] = /^(.*?)(?:-(?=[^a-zA-Z])(.*))?$/s.exec(derivationName) ?? [];
  const [, major = '', minor = ''] = /^(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  const names = new Set<string>();
  for (const base of [name, name.replace(/-(?:wrapper|unwrapped|linux|darwin)$/, '')]) {
    const plain = base.replaceAll('+', '').replaceAll('.', '_');
    for (const one of [base, plain]) {
      names.add(one);
      if (major === '') continue;
      names.add(`${one}_${major}`).add(`${one}${major}`);
      // `python3-3.11.9` is `python311`.
      if (minor !== '') names.add(`${one}_${major}_${minor}`).add(`${one.replace(/\d+$/, '')}${major}${minor}`);
    }
  }
  return [...names].filter((one) => /^[a-zA-Z_][\w'-]{0,100}$/.test(one));
}
