/**
 * The first `lastModified` that can be a date, in seconds since 1970: some versions of Nix write 0 or 1 where they know none
 * (relative and absolute paths).
 */
export const FIRST_PLAUSIBLE_SEC = 100_000_000;
