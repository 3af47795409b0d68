import type { ClosureProgress } from '../engine/closure/request';

/** Shows how far the walk over a closure is: its end is not known before it is reached. */
export function closureProgress(
  stream: NodeJS.WriteStream,
  quiet: boolean,
): { readonly update: (progress: ClosureProgress) => void; readonly stop: () => void } {
  if (quiet || !stream.isTTY) return { update: () => undefined, stop: () => undefined };
  return {
    update: ({ found, answered, verified, requestsPerSecond, perCache }) => {
      const caches = perCache.filter(({ asked }) => asked > 0).length;
      const words = `${answered} of ${found} paths, ${verified} verified, ${requestsPerSecond} requests/s, ${caches} cache${caches === 1 ? '' : 's'}`;
      stream.write(`\r\u001b[K${words.slice(0, Math.max(20, stream.columns - 1))}`);
    },
    stop: () => {
      stream.write('\r\u001b[K');
    },
  };
}
