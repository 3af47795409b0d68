/** A binary cache in a directory (`file://`). Where Nix would create a missing one, this only reads. */
import { describeCacheInfoError, parseNixCacheInfo } from '../domain/nixCacheInfo';
import type { StorePathHash } from '../domain/storePath';
import type { BinaryCache, CacheInfoLookup, FileRead, Files, NarinfoLookup } from '../engine/ports';
import { MAX_CACHE_FILE_BYTES } from './cacheText';

export class FileBinaryCache implements BinaryCache {
  readonly #directory: string;
  readonly #files: Files;

  /** @param directory Absolute. */
  constructor(directory: string, files: Files) {
    this.#directory = directory;
    this.#files = files;
  }

  async info(signal: AbortSignal): Promise<CacheInfoLookup> {
    const read = await this.#read('nix-cache-info', signal);
    if (read.kind === 'absent') return { kind: 'not-a-cache', reason: 'there is no nix-cache-info in the directory' };
    if (read.kind === 'failed') return failure(read);
    const info = parseNixCacheInfo(read.text);
    if (info.ok) return { kind: 'found', info: info.value };
    return { kind: 'malformed', reason: `nix-cache-info: ${describeCacheInfoError(info.error)}` };
  }

  async narinfo(hash: StorePathHash, signal: AbortSignal): Promise<NarinfoLookup> {
    const read = await this.#read(`${hash}.narinfo`, signal);
    switch (read.kind) {
      case 'read':
        // Bytes that are not UTF-8 were read as this character, which no narinfo has.
        if (read.text.includes('\uFFFD')) return { kind: 'malformed', reason: 'the file is not UTF-8 text' };
        return { kind: 'found', text: read.text };
      case 'failed':
        return failure(read);
      case 'absent':
        // An unmounted disk has no narinfo either, but that says nothing about the cache.
        return (await this.#read('nix-cache-info', signal)).kind === 'absent'
          ? { kind: 'unreachable', reason: 'there is no nix-cache-info in the directory' }
          : { kind: 'absent' };
    }
  }

  #read(name: string, signal: AbortSignal): Promise<FileRead> {
    return this.#files.read(`${this.#directory === '/' ? '' : this.#directory}/${name}`, MAX_CACHE_FILE_BYTES, signal);
  }
}

function failure({ reason, unfit = false }: Extract<FileRead, { kind: 'failed' }>): Extract<NarinfoLookup, { reason: string }> {
  return { kind: unfit ? 'malformed' : 'unreachable', reason: `the file cannot be used: ${reason}` };
}
