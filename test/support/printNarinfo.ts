import { narHashToNix32 } from '../../server/src/domain/hash';
import type { Narinfo } from '../../server/src/domain/narinfo';
import type { StorePath } from '../../server/src/domain/storePath';

/** Prints a narinfo as Nix's writers do: their order of fields, the hash in Nix base-32. */
export function printNarinfo(narinfo: Narinfo): string {
  const lines: string[] = [];
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) lines.push(`${name}: ${value}\n`);
  };
  add('StorePath', narinfo.storePath);
  add('URL', narinfo.url);
  add('Compression', narinfo.compression);
  add('FileHash', narinfo.fileHash);
  add('FileSize', narinfo.fileSize);
  add('NarHash', narHashToNix32(narinfo.narHash));
  add('NarSize', narinfo.narSize);
  add('References', narinfo.references.map(baseName).join(' '));
  add('Deriver', narinfo.deriver === undefined ? undefined : baseName(narinfo.deriver));
  for (const signature of narinfo.signatures) add('Sig', signature);
  add('CA', narinfo.ca);
  return lines.join('');
}

function baseName(path: StorePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
