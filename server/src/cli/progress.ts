import { Presets, SingleBar } from 'cli-progress';
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
