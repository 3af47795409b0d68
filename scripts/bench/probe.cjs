// Preloaded into the measured language server: answers a signal with what it uses, after a full collection, and with the longest time since the
// signal before in which its main thread heard nobody, in milliseconds.
const { monitorEventLoopDelay } = require('node:perf_hooks');

const stalls = monitorEventLoopDelay({ resolution: 1 });
stalls.enable();
process.on('SIGUSR2', () => {
  const stallMs = Math.max(0, stalls.max / 1e6 - 1);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const { maxRSS } = process.resourceUsage();
  const used = { rss, peak: maxRSS * 1024, heapUsed, cpuMs: (user + system) / 1000, stallMs };
  process.stderr.write(`probe ${JSON.stringify(used)}\n`);
  setImmediate(() => setImmediate(() => stalls.reset()));
});
