/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal;

/** A signal that has aborted already. */
export const aborted: AbortSignal = AbortSignal.abort();
