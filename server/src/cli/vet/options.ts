/** The words of `flake-trust vet`. The contract is docs/cli.md and docs/vetting.md. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Severity } from '../../domain/finding';
import { REPORT_FORMATS, type ReportFormat } from '../../report/reportPieces';

export const VET_ACTIONS = [
  'init', 'check', 'explain', 'suggest', 'diff', 'certify', 'exempt', 'trust', 'violate', 'revoke', 'renew', 'prune', 'import',
] as const; // prettier-ignore

export type VetAction = (typeof VET_ACTIONS)[number];

export interface VetCommand {
  readonly kind: 'vet';
  readonly action: VetAction;
  /** A directory, or a flake.nix; as typed. */
  readonly flake: string;
  /** Inputs, ids of records, or addresses of imports; as typed. */
  readonly operands: readonly string[];
  readonly format: ReportFormat;
  readonly out?: string;
  readonly failOn: Severity | 'never';
  readonly quiet: boolean;
  /** Folder whose files count in place of the flake's own. */
  readonly policy?: string;
  readonly reviewerKeys?: readonly string[];
  readonly clones: readonly string[];
  readonly criteria: readonly string[];
  readonly full: boolean;
  readonly delta: boolean;
  readonly from?: string;
  readonly scope?: string;
  readonly paths: readonly string[];
  readonly notes?: string;
  readonly until?: string;
  readonly who?: string;
  readonly evidence: readonly string[];
  readonly signKey?: string;
  readonly yes: boolean;
  readonly source?: string;
  readonly narHash?: string;
  readonly rev?: string;
  readonly expiring?: number;
  readonly write: boolean;
  readonly name?: string;
  readonly map: readonly string[];
  readonly exclude: readonly string[];
  readonly keys: readonly string[];
  readonly refresh: boolean;
  readonly consider: readonly string[];
  readonly timeoutMs: number;
  readonly sslCertFile?: string;
}

type Raw = Partial<Omit<VetCommand, 'kind' | 'action' | 'flake' | 'operands' | 'timeoutMs'>> & {
  readonly json?: boolean;
  readonly flake?: string;
  readonly timeout?: number;
};

/** Adds `vet` with its subcommands. */
export function vetCommand(program: Command, choose: (command: VetCommand) => void): void {
  const vet = program
    .command('vet')
    .description('who reviewed the inputs: policy and records in the folder flake-trust beside flake.nix')
    .helpOption('--help', 'print help')
    .helpCommand(false);
  const add = (action: VetAction, operands: string, description: string): Command => {
    const command = vet.command(action).description(description).helpOption('--help', 'print help');
    if (operands !== '') command.argument(operands, OPERANDS[action]);
    return command
      .option('--flake <dir>', 'a directory with a flake.nix, or the flake.nix', '.')
      .option('--quiet', 'no warnings')
      .action((given: string | readonly string[] | undefined, raw: Raw) => {
        const words = operands === '' || given === undefined ? [] : typeof given === 'string' ? [given] : given;
        choose(toCommand(action, words, operands === '' ? (given as unknown as Raw) : raw));
      });
  };
  const judging = (command: Command): Command =>
    command
      .option('--policy <dir>', 'a folder with policy.jsonc and records.jsonc, in place of the one of the flake')
      .option('--reviewer-keys <keys>', 'count only what one of these keys has signed', words);
  const writing = (command: Command): Command =>
    judging(command)
      .option('--notes <text>', 'what is to be known about it')
      .option('--who <who>', 'name and mail; those of your git configuration when not given')
      .option('--evidence <url>', 'where more can be read', collect)
      .option('--sign-key <file>', 'sign it with this key, as `nix key generate-secret` makes them')
      .option('--yes', 'write it without asking');
  const criteria = (command: Command): Command =>
    command.option('--criteria <names>', 'what it says; what the policy asks for when not given', words);
  const git = (command: Command): Command =>
    command.option('--clone <dir>', 'a git clone of the input, to measure differences in', collect);

  add('init', '', 'write a policy that exempts every present input until a date')
    .option('--until <date>', 'the last day of the exemptions; 90 days from now when not given')
    .option('--criteria <names>', 'what the policy asks of every input', words)
    .option('--who <who>', 'name and mail; those of your git configuration when not given');
  judging(add('check', '[FLAKE]', 'say which inputs are vetted; asks nobody'))
    .addOption(new Option('--format <format>', 'how to print it').choices(REPORT_FORMATS))
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .option('--out <file>', 'write it there instead of to standard output')
    .addOption(
      new Option('--fail-on <severity>', 'the mildest finding that makes the exit code 1')
        .choices(['error', 'warning', 'information', 'never'])
        .default('information'),
    );
  judging(add('explain', '<INPUT>', 'show the records that make the verdict of an input'));
  network(git(judging(add('suggest', '[FLAKE]', 'list what is cheapest to review first')))).option(
    '--consider <address>',
    'say what importing these records would spare; URL or path',
    collect,
  );
  git(judging(add('diff', '<INPUT>', 'show what changed since the nearest vetted revision'))).option(
    '--from <rev>',
    'since this revision instead',
  );
  git(criteria(writing(add('certify', '<INPUT>', 'record that you reviewed an input as it is locked'))))
    .option('--full', 'you reviewed all of it, or of the scope')
    .option('--delta', 'you reviewed what changed since the nearest vetted revision')
    .option('--from <rev>', 'you reviewed what changed since this revision, which a record has')
    .option('--scope <text>', 'what you read, in words')
    .option('--paths <globs>', 'what you read, as paths', words)
    .option('--until <date>', 'the last day on which the review counts');
  criteria(writing(add('exempt', '<INPUT...>', 'let inputs pass, as they are locked, until a date'))).option(
    '--until <date>',
    'the last day',
  );
  criteria(
    writing(
      add('trust', '<SOURCE>', 'let everything of a source pass until a date; an input, github.com/o/r, or github.com/o/*'),
    ),
  ).option('--until <date>', 'the last day');
  criteria(writing(add('violate', '[INPUT]', 'record that something must not be used')))
    .option('--nar-hash <hash>', 'the tree with this hash')
    .option('--rev <rev>', 'this revision')
    .option('--source <source>', 'all of github.com/o/r, or github.com/o/*');
  writing(add('revoke', '<ID...>', 'take records out; the beginning of an id is enough'));
  writing(add('renew', '[ID...]', 'write records that are about to end anew'))
    .option('--expiring <days>', 'all that end within so many days', wholeNumber)
    .option('--until <date>', 'the new last day');
  writing(add('prune', '[FLAKE]', 'say which records are needed, and revoke exemptions and trust that are not')).option(
    '--write',
    'write the revocations',
  );
  network(add('import', '[ADDRESS]', "lock another organisation's records: URL, path, or the name of an import of the policy"))
    .option('--name <name>', 'what the import is called in the policy; after who publishes it when not given')
    .option('--map <theirs=ours>', 'what a criterion of theirs counts for here; may be given several times', collect)
    .option('--exclude <source>', 'a source, or the id of a record, that is left out; may be given several times', collect)
    .option('--key <key>', 'only records signed by this key count; may be given several times', collect)
    .option('--refresh', 'take what is there now, and show what changed');
}

const OPERANDS: Readonly<Record<VetAction, string>> = {
  init: '',
  check: 'a directory with a flake.nix, or the flake.nix',
  explain: 'an input, for example nixpkgs or home-manager/nixpkgs',
  suggest: 'a directory with a flake.nix, or the flake.nix',
  diff: 'an input',
  certify: 'an input',
  exempt: 'inputs',
  trust: 'a source',
  violate: 'an input as it is locked',
  revoke: 'ids of records',
  renew: 'ids of records',
  prune: 'a directory with a flake.nix, or the flake.nix',
  import: 'where the records are',
};

/** Those whose operand is the flake. */
const OF_FLAKE: ReadonlySet<VetAction> = new Set<VetAction>(['check', 'suggest', 'prune']);

function network(command: Command): Command {
  return command
    .option('--timeout <seconds>', 'for one request', wholeNumber, 10)
    .option('--ssl-cert-file <file>', 'certificates to trust');
}

function toCommand(
  action: VetAction,
  given: readonly string[],
  raw: Raw & { readonly clone?: readonly string[]; readonly key?: readonly string[] },
): VetCommand {
  const { json, clone, key, timeout, flake = '.', ...rest } = raw;
  const ofFlake = OF_FLAKE.has(action);
  return {
    clones: clone ?? [],
    criteria: [],
    full: false,
    delta: false,
    paths: [],
    evidence: [],
    yes: false,
    write: false,
    map: [],
    exclude: [],
    refresh: false,
    consider: [],
    quiet: false,
    failOn: 'information',
    ...rest,
    kind: 'vet',
    action,
    flake: ofFlake ? (given[0] ?? flake) : flake,
    operands: ofFlake ? [] : given,
    format: json === true ? 'json' : (raw.format ?? 'text'),
    keys: key ?? [],
    timeoutMs: (timeout ?? 10) * 1000,
  };
}

function words(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), ...text.split(/[\s,]+/).filter((word) => word !== '')];
}

function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text];
}

function wholeNumber(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(number)) throw new InvalidArgumentError('Expected a whole number.');
  return number;
}
