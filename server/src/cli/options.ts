/** The command line's words: which commands and options there are, and what they mean. The contract is docs/cli.md. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Severity } from '../domain/finding';
import { MAX_SHARDS, type Shard } from '../domain/shardReport';
import { REPORT_FORMATS, type ReportFormat } from '../report/reportPieces';
import { VERSION } from '../version';
import { vetCommand, type VetCommand } from './vet/options';

/** A report asked for: `inputs` or `audit`. */
export interface ReportCommand {
  readonly kind: 'report';
  readonly audit: boolean;
  /** A directory, or a flake.nix; as typed. */
  readonly flake: string;
  /** `--path`: store paths whose closure is audited, in place of a flake's inputs; as typed. */
  readonly paths: readonly string[];
  /** `--output`: installables of the flake whose closures are audited; as typed. */
  readonly outputs: readonly string[];
  /** `--binaries`: inputs whose packages are looked up, `all` for those of flake.nix; absent when not asked for. */
  readonly binaries?: readonly string[] | 'all';
  /** Lets the evaluation of `outputs` build derivations. */
  readonly allowImportFromDerivation: boolean;
  readonly challenge: boolean;
  /** `--why`; as typed. */
  readonly why: readonly string[];
  readonly maxPaths?: number;
  /** `--shard`: which part of `outputs` and `paths` is audited. */
  readonly shard?: Shard;
  readonly format: ReportFormat;
  readonly out?: string;
  readonly offline: boolean;
  readonly refresh: boolean;
  readonly nixConf: boolean;
  /** Each one word; absent when the option was not given, empty when it was given empty. */
  readonly substituters?: readonly string[];
  readonly extraSubstituters: readonly string[];
  readonly trustedPublicKeys?: readonly string[];
  readonly extraTrustedPublicKeys: readonly string[];
  readonly netrcFile?: string;
  readonly sslCertFile?: string;
  /** `--policy`: a folder whose vetting files count in place of the flake's; as typed. */
  readonly policy?: string;
  /** `--reviewer-keys`: count only what one of these has signed. */
  readonly reviewerKeys?: readonly string[];
  readonly cacheDir?: string;
  /** False: nothing is read from or written to disk. */
  readonly cache: boolean;
  /** Requests in flight at one host. */
  readonly connections: number;
  readonly timeoutMs: number;
  readonly failOn: Severity | 'never';
  readonly quiet: boolean;
}

/** `merge`: shards put together. */
export interface MergeCommand extends Pick<ReportCommand, 'why' | 'format' | 'out' | 'failOn' | 'quiet'> {
  readonly kind: 'merge';
  /** As typed. */
  readonly files: readonly string[];
  readonly partial: boolean;
  readonly audit: true;
}

export type CliCommand = ReportCommand | MergeCommand | VetCommand | { readonly kind: 'lsp' };

export type ParsedArguments =
  | { readonly kind: 'run'; readonly command: CliCommand }
  /** Everything was said already: help, version, or what is wrong with the arguments. */
  | { readonly kind: 'done'; readonly exitCode: 0 | 2 };

export interface HelpOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

/** Reads the arguments behind the program's name; prints help, version and usage errors itself. */
export function parseArguments(argv: readonly string[], output: HelpOutput): ParsedArguments {
  let command: CliCommand | undefined;
  const program = createProgram(output, (chosen) => {
    command = chosen;
  });
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'done', exitCode: error.exitCode === 0 ? 0 : 2 };
  }
  return command === undefined ? { kind: 'done', exitCode: 2 } : { kind: 'run', command };
}

const EXIT_CODES = `
Exit code: 0 nothing at or above --fail-on; 1 findings; 2 could not be completed, or wrong usage; 130 cancelled.
Results go to standard output; progress, warnings and errors to standard error.`;

function createProgram(output: HelpOutput, choose: (command: CliCommand) => void): Command {
  const program = new Command('flake-trust')
    .description(
      'For Nix flakes: which source is this, who signed it, which cache has it. Needs no Nix; runs it for --output and --binaries.',
    )
    .version(VERSION, '--version', 'print the version')
    .helpOption('--help', 'print help')
    .helpCommand(false)
    .addHelpText('after', EXIT_CODES)
    .configureOutput({ ...output, outputError: (text, write) => write(`flake-trust: ${text}`) })
    .exitOverride();

  reportCommand(program, 'inputs', 'print every input, transitive ones too, with what is known of it', choose);
  reportCommand(program, 'audit', 'the same with all findings, what was not checked, and what is not proved', choose);
  mergeCommand(program, choose);
  vetCommand(program, choose);
  program
    .command('lsp')
    .description('run the language server, for any editor')
    .helpOption('--help', 'print help')
    .option('--stdio', 'speak over standard input and output (the default)')
    // Language clients add arguments of their own, for example --clientProcessId.
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      choose({ kind: 'lsp' });
    });
  return program;
}

/** Manners towards a public server, of an audit that the user started. */
const CLOSURE_CONNECTIONS = 64;

interface RawOptions {
  readonly path?: readonly string[];
  readonly output?: readonly string[];
  readonly binaries?: true | string;
  readonly allowImportFromDerivation?: boolean;
  readonly challenge?: boolean;
  readonly why?: readonly string[];
  readonly maxPaths?: number;
  readonly shard?: Shard;
  readonly format?: ReportFormat;
  readonly json?: boolean;
  readonly out?: string;
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly substituters?: string;
  readonly extraSubstituters?: readonly string[];
  readonly trustedPublicKeys?: string;
  readonly extraTrustedPublicKeys?: readonly string[];
  readonly netrcFile?: string;
  readonly sslCertFile?: string;
  readonly policy?: string;
  readonly reviewerKeys?: readonly string[];
  readonly nixConf: boolean;
  readonly cacheDir?: string;
  readonly cache: boolean;
  readonly connections?: number;
  readonly timeout: number;
  readonly failOn: Severity | 'never';
  readonly quiet?: boolean;
}

function reportCommand(
  program: Command,
  name: 'inputs' | 'audit',
  description: string,
  choose: (command: CliCommand) => void,
): void {
  const command = program
    .command(name)
    .description(description)
    .argument('[FLAKE]', 'a directory with a flake.nix, or the flake.nix', '.');
  if (name === 'audit') {
    command
      .option(
        '--output <installables>',
        'run Nix, and audit the closure of these outputs, e.g. .#default, or of all; builds nothing',
        collectWords,
      )
      .option('--binaries [inputs]', 'run Nix, and look up who signed the packages of these inputs; of all when none is named')
      .option('--allow-import-from-derivation', 'let evaluation build what it wants to read; builds what the flake says')
      .option('--path <paths>', 'audit the closure of these store paths; needs no flake and no Nix', collectWords)
      .option('--challenge', 'ask every cache for every path, and compare what they say')
      .option('--why <paths>', 'show the shortest chain of references that leads to these paths', collectWords)
      .option('--max-paths <n>', 'look at no more paths than this', wholeNumber(1, 100_000_000))
      .option('--shard <i/n>', 'audit only the i-th of n parts of the outputs and paths; see merge', shardOf);
  }
  printingOptions(command)
    .addOption(new Option('--offline', 'ask nobody; show what is remembered, with its age').conflicts('refresh'))
    .option('--refresh', 'ask again, whatever is remembered')
    .option('--substituters <urls>', 'caches, in place of those of nix.conf')
    .option('--extra-substituters <urls>', 'further caches', collectWords)
    .option('--trusted-public-keys <keys>', 'keys, in place of those of nix.conf')
    .option('--extra-trusted-public-keys <keys>', 'further keys', collectWords)
    .option('--netrc-file <file>', 'logins for caches, in place of the netrc-file of nix.conf')
    .option('--ssl-cert-file <file>', 'certificates to trust, in place of those that Nix uses')
    .option('--policy <dir>', 'a folder with policy.jsonc and records.jsonc, in place of flake-trust beside flake.nix')
    .option('--reviewer-keys <keys>', 'count only reviews that one of these keys has signed', collectWords)
    .option('--no-nix-conf', 'do not read nix.conf, nor what was accepted in Nix')
    .option('--cache-dir <dir>', 'where answers are remembered (default: $XDG_CACHE_HOME/flake-trust)')
    .option('--no-cache', 'remember nothing on disk')
    .option('--connections <n>', 'requests in flight at one host; 16, or 64 for a closure, when not given', wholeNumber(1, 1024))
    .option('--timeout <seconds>', 'for one request', wholeNumber(1, 600), 10)
    .option('--quiet', 'no progress and no warnings')
    .helpOption('--help', 'print help')
    .addHelpText('after', EXIT_CODES)
    .action((flake: string, raw: RawOptions) => {
      choose(toCommand(name === 'audit', flake, raw));
    });
}

/** What says how a report is printed, and what it means for the exit code. */
function printingOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', 'how to print the report; text when not given').choices(REPORT_FORMATS))
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .option('--out <file>', 'write the report there instead of to standard output')
    .addOption(
      new Option('--fail-on <severity>', 'the mildest finding that makes the exit code 1')
        .choices(['error', 'warning', 'information', 'never'])
        .default('error'),
    );
}

interface RawMergeOptions extends Pick<RawOptions, 'why' | 'format' | 'json' | 'out' | 'failOn' | 'quiet'> {
  readonly partial?: boolean;
}

function mergeCommand(program: Command, choose: (command: CliCommand) => void): void {
  const command = program
    .command('merge')
    .description(
      'put the JSON reports of all shards of an audit together, to the report of one run; or print one whole report in another format',
    )
    .argument('<FILE...>', 'reports of audit --shard that were printed with --json; or one report that is whole')
    .option('--partial', 'go on where shards are missing or were cancelled, and say so')
    .option('--why <paths>', 'show the shortest chain of references that leads to these paths', collectWords);
  printingOptions(command)
    .option('--quiet', 'no warnings')
    .helpOption('--help', 'print help')
    .addHelpText('after', EXIT_CODES)
    .action((files: readonly string[], raw: RawMergeOptions) => {
      const { why = [], out, failOn } = raw;
      choose({
        kind: 'merge',
        audit: true,
        files,
        partial: raw.partial === true,
        why,
        format: raw.json === true ? 'json' : (raw.format ?? 'text'),
        ...(out === undefined ? {} : { out }),
        failOn,
        quiet: raw.quiet === true,
      });
    });
}

function toCommand(audit: boolean, flake: string, raw: RawOptions): ReportCommand {
  const { out, netrcFile, sslCertFile, cacheDir, substituters, trustedPublicKeys, policy, reviewerKeys } = raw;
  const { path: paths = [], output: outputs = [], binaries, why = [], challenge = false, maxPaths, shard } = raw;
  return {
    kind: 'report',
    audit,
    flake,
    paths,
    outputs,
    allowImportFromDerivation: raw.allowImportFromDerivation === true,
    ...(binaries === undefined ? {} : { binaries: binaries === true ? 'all' : wordsOf(binaries) }),
    challenge,
    why,
    ...(maxPaths === undefined ? {} : { maxPaths }),
    ...(shard === undefined ? {} : { shard }),
    format: raw.json === true ? 'json' : (raw.format ?? 'text'),
    ...(out === undefined ? {} : { out }),
    offline: raw.offline === true,
    refresh: raw.refresh === true,
    nixConf: raw.nixConf,
    ...(substituters === undefined ? {} : { substituters: wordsOf(substituters) }),
    extraSubstituters: raw.extraSubstituters ?? [],
    ...(trustedPublicKeys === undefined ? {} : { trustedPublicKeys: wordsOf(trustedPublicKeys) }),
    extraTrustedPublicKeys: raw.extraTrustedPublicKeys ?? [],
    ...(netrcFile === undefined ? {} : { netrcFile }),
    ...(sslCertFile === undefined ? {} : { sslCertFile }),
    ...(policy === undefined ? {} : { policy }),
    ...(reviewerKeys === undefined ? {} : { reviewerKeys }),
    ...(cacheDir === undefined ? {} : { cacheDir }),
    cache: raw.cache,
    connections: raw.connections ?? (paths.length > 0 || outputs.length > 0 || binaries !== undefined ? CLOSURE_CONNECTIONS : 16),
    timeoutMs: raw.timeout * 1000,
    failOn: raw.failOn,
    quiet: raw.quiet === true,
  };
}

/** As Nix takes lists on its command line: words between white space. */
function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function collectWords(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), ...wordsOf(text)];
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(number >= least && number <= most)) throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return number;
  };
}

function shardOf(text: string): Shard {
  const [, index, count] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count || count > MAX_SHARDS) {
    throw new InvalidArgumentError(`Expected a part and how many there are, such as 1/4; at most ${MAX_SHARDS}.`);
  }
  return { index, count };
}
