/** Which attributes an input of each type may have. Source: `allowedAttrs` of the schemes in Nix's libfetchers, up to 2.34. */

const COMMON = ['type', 'dir'];
const FORGE = [...COMMON, 'owner', 'repo', 'ref', 'rev', 'host', 'narHash', 'lastModified', 'treeHash'];
const DOWNLOAD = [...COMMON, 'url', 'narHash', 'name', 'unpack', 'rev', 'revCount', 'lastModified'];

const ATTRIBUTES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    github: FORGE,
    gitlab: FORGE,
    sourcehut: FORGE,
    git: [
      ...COMMON,
      ...['url', 'ref', 'rev', 'shallow', 'submodules', 'lfs', 'exportIgnore', 'lastModified', 'revCount', 'narHash'],
      ...['allRefs', 'name', 'dirtyRev', 'dirtyShortRev', 'verifyCommit', 'keytype', 'publicKey', 'publicKeys'],
    ],
    hg: [...COMMON, 'url', 'ref', 'rev', 'revCount', 'narHash', 'name'],
    tarball: DOWNLOAD,
    file: DOWNLOAD,
    path: [...COMMON, 'path', 'rev', 'revCount', 'lastModified', 'narHash'],
    indirect: [...COMMON, 'id', 'ref', 'rev', 'narHash'],
  }).map(([type, names]) => [type, new Set(names)]),
);

/** Tells whether Nix has an input type of this name. */
export function isInputType(type: string): boolean {
  return ATTRIBUTES.has(type);
}

/** Tells whether Nix refuses an attribute; of a type that is not known here it is not. */
export function isUnknownAttribute(type: string, name: string): boolean {
  return ATTRIBUTES.get(type)?.has(name) === false;
}
