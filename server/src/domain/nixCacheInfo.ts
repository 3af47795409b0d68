/** What `nix-cache-info` says of a binary cache. None of it is signed: whoever sits on a plain http connection can change it. */
export interface CacheInfo {
  /** Absent when the file does not say; then it is taken to be ours. */
  readonly storeDir?: string;
  /** Ascending: lower is asked first. Nix's default is 0, not 50 or 40. */
  readonly priority: number;
  readonly wantMassQuery: boolean;
}
