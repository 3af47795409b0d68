/** Whom the user trusts, as the command line has it. */
import path from 'node:path';
import { NO_TRUSTED_SETTINGS } from '../domain/trustedSettings';
import { readTrustedSettings } from '../engine/declaredCaches';
import type { ConfigurationProblem } from '../engine/nixConfiguration';
import { loadTrustConfiguration, type TrustConfiguration } from '../engine/trustConfiguration';
import type { BaseRuntime } from '../baseRuntime';
import { plainText } from '../util/plainText';
import type { ReportCommand } from './options';
import type { CliProcess } from './printReport';

/** Reads whom the user trusts: nix.conf, and what the command line says in its place or beside it. */
export async function readConfiguration(
  command: ReportCommand,
  { files, environment }: BaseRuntime,
  io: CliProcess,
  signal: AbortSignal,
) {
  const { substituters, trustedPublicKeys, netrcFile, sslCertFile } = command;
  const loaded = await loadTrustConfiguration(
    {
      nixConf: command.nixConf,
      ...(substituters === undefined ? {} : { substituters }),
      extraSubstituters: command.extraSubstituters,
      ...(trustedPublicKeys === undefined ? {} : { trustedPublicKeys }),
      extraTrustedPublicKeys: command.extraTrustedPublicKeys,
      caches: [],
      settingsKeys: [],
      ...(netrcFile === undefined ? {} : { netrcFile: path.resolve(io.cwd, netrcFile) }),
    },
    files,
    environment,
    signal,
  );
  const configuration: TrustConfiguration =
    sslCertFile === undefined ? loaded : { ...loaded, sslCertFile: path.resolve(io.cwd, sslCertFile) };
  // Who names caches or keys on the command line means these; what was once accepted in Nix does not add to them.
  const exact = !command.nixConf || substituters !== undefined || trustedPublicKeys !== undefined;
  const accepted = exact
    ? { settings: NO_TRUSTED_SETTINGS, problems: [] }
    : await readTrustedSettings(files, environment, signal);
  return { configuration, trustedSettings: accepted.settings, problems: [...loaded.problems, ...accepted.problems] };
}

/** Says in one line what is wrong with the configuration. */
export function describeProblem({ message, file, line }: ConfigurationProblem): string {
  const place = file === undefined ? '' : `${plainText(file, 200)}${line === undefined ? '' : `:${line}`}: `;
  return `${place}${plainText(message, 300)}`;
}
