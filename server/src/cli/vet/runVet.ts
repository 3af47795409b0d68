/** `flake-trust vet`: one file a subcommand. */
import { consoleLogger } from '../../adapters/consoleLogger';
import type { BaseRuntime } from '../../baseRuntime';
import type { CliProcess } from '../printReport';
import { EXIT } from '../exit';
import { openVetting, VetError, type VetContext } from './context';
import type { VetAction, VetCommand } from './options';

type Run = (context: VetContext) => Promise<number>;

const ACTIONS: Readonly<Record<VetAction, () => Promise<Run>>> = {
  init: async () => (await import('./init')).vetInit,
  check: async () => (await import('./check')).vetCheck,
  explain: async () => (await import('./explain')).vetExplain,
  suggest: async () => (await import('./suggest')).vetSuggest,
  diff: async () => (await import('./diff')).vetDiff,
  certify: async () => (await import('./certify')).vetCertify,
  exempt: async () => (await import('./exempt')).vetExempt,
  trust: async () => (await import('./trust')).vetTrust,
  violate: async () => (await import('./violate')).vetViolate,
  revoke: async () => (await import('./revoke')).vetRevoke,
  renew: async () => (await import('./renew')).vetRenew,
  prune: async () => (await import('./prune')).vetPrune,
  import: async () => (await import('./import')).vetImport,
};

/** Runs a subcommand. Rejects only when `signal` aborts, or for a bug. */
export async function runVet(command: VetCommand, runtime: BaseRuntime, io: CliProcess, signal: AbortSignal): Promise<number> {
  try {
    const context = await openVetting(command, runtime, io, signal);
    return await (
      await ACTIONS[command.action]()
    )(context);
  } catch (error) {
    if (!(error instanceof VetError)) throw error;
    consoleLogger((text) => io.stderr.write(text), 'normal').error(error.message);
    return EXIT.failed;
  }
}
