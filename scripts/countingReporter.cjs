/** Mocha's spec reporter that also writes `{passed, failed, pending}` to the file named by FLAKE_TRUST_RESULTS. */
const { mkdirSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
const { reporters, Runner } = require('mocha');

class CountingReporter extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const file = process.env.FLAKE_TRUST_RESULTS;
      if (!file) return;
      mkdirSync(dirname(file), { recursive: true });
      const { passes, failures, pending } = this.stats;
      writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, pending }));
    });
  }
}

module.exports = CountingReporter;
