// Preloaded into a measured process: tells its peak of memory in KiB when it ends. GNU time would have to be installed.
process.on('exit', () => process.stderr.write(`\nPEAK ${process.resourceUsage().maxRSS}\n`));
