import { Presets, SingleBar } from 'cli-progress';
import type { ClosureProgress } from '../engine/closure/request';
import { plainText } from '../util/plainText';

/** Shows how far a check is. */
export interface Progress {
  readonly update: (done: number, total: number, host?: string) => void;
  /** Takes the bar away again. */
  readonly stop: () => void;
}

/** A bar on a terminal, nothing where the stream leads elsewhere. */
export function progressBar(stream: NodeJS.WriteStream, quiet: boolean): Progress {
  if (quiet || !stream.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    {
      stream,
      format: 'checking {value} of {total} [{bar}] {host}',
      clearOnComplete: true,
      hideCursor: true,
      barsize: 24,
      fps: 10,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update: (done, total, host) => {
      if (total === 0) return;
      const payload = { host: host === undefined ? '' : plainText(host, 40) };
      if (started) bar.update(done, payload);
      else bar.start(total, done, payload);
      started = true;
    },
    stop: () => {
      if (started) bar.stop();
      started = false;
    },
  };
}

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
