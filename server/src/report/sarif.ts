/**
 * The findings as SARIF 2.1.0 (OASIS), for code scanning. The printer is our own: a builder library names the few fields that are the same
 * for every tool, and what matters here (bases of URIs, fingerprints, logical places) is beyond it. Its types check what we write.
 */
import type { Log, Location, Notification, ReportingDescriptor, Result } from 'sarif';
import { sha256Of } from '../domain/digest';
import { FINDING_CODES, helpUrl, type FindingCode, type Severity } from '../domain/finding';
import type { InputsReport, ReportedFinding, TextRange } from '../domain/inputsReport';
import type { FinishedAudit } from './finishedAudit';
import { jsonText } from './json';
import { notChecked } from './notChecked';

export interface SarifOptions {
  /** Absolute directory to which code scanning takes paths to be relative; the flake's own when absent. */
  readonly repositoryRoot?: string;
}

/** GitHub takes no more results of one run; ours are bounded well below, except in a flake of thousands of broken inputs. */
const MAX_RESULTS = 25_000;

const LEVELS = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'note',
} as const satisfies Record<Severity, Result.level>;

/** What GitHub sorts alerts by: 7.0 and more is high, 4.0 medium, below low. From our own severities, since nothing here has a CVSS score. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = { error: '8.0', warning: '5.0', information: '2.0', hint: '1.0' };

/** About a flake that is untidy or a check that was not complete: no security alert, whatever their severity. */
const NO_SECURITY: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'flake-malformed',
  'lock-missing',
  'lock-unreadable',
  'follows-dangling',
  'follows-root',
  'duplicate-source',
  'stale-input',
  'closure-incomplete',
  'key-no-substituter',
]);

const CODES = Object.keys(FINDING_CODES) as FindingCode[];

/** Prints all findings as one run. The same facts give the same bytes. */
export function sarifReport(audit: FinishedAudit, options: SarifOptions = {}): string {
  const { report } = audit;
  const places = new Places(audit, options);
  const fingerprints = new Fingerprints();
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            semanticVersion: report.tool.version,
            informationUri: 'https://github.com/flake-trust/flake-trust',
            rules: CODES.map(rule),
          },
        },
        // Category of the run, so that an audit of outputs does not close the alerts of one of inputs.
        automationDetails: { id: `flake-trust/${audit.closure === undefined ? 'inputs' : 'closure'}/` },
        invocations: [
          { executionSuccessful: true, toolExecutionNotifications: notChecked(report, audit.closure?.summary).map(notification) },
        ],
        ...(places.base === undefined ? {} : { originalUriBaseIds: { [ROOT]: { uri: places.base } } }),
        columnKind: 'utf16CodeUnits',
        results: report.findings.slice(0, MAX_RESULTS).map((finding) => result(finding, places, fingerprints)),
      },
    ],
  };
  return `${jsonText(log)}\n`;
}

const ROOT = '%SRCROOT%';

function rule(code: FindingCode): ReportingDescriptor {
  const { severity, title, occasion } = FINDING_CODES[code];
  const when = {
    always: 'always',
    audit: 'by audits that somebody asked for',
    limit: 'once a limit is set',
    policy: 'once the flake has a policy',
  }[occasion];
  const about = `What it means, how it is checked, when it may be wrong, and what to do`;
  return {
    id: code,
    name: code.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: `${title}. Reported ${when}.` },
    help: { text: `${about}: ${helpUrl(code)}`, markdown: `[${about}](${helpUrl(code)})` },
    helpUri: helpUrl(code),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: NO_SECURITY.has(code)
      ? { tags: ['nix'] }
      : { tags: ['nix', 'security', 'supply-chain'], 'security-severity': SECURITY_SEVERITY[severity] },
  };
}

function notification({ what, why }: { readonly what: string; readonly why: string }): Notification {
  return { level: 'note', message: { text: messageText(`Not checked: ${what}: ${why}`) } };
}

function result(finding: ReportedFinding, places: Places, fingerprints: Fingerprints): Result {
  const { code, severity, message, subject, evidence, suppressed } = finding;
  return {
    ruleId: code,
    ruleIndex: CODES.indexOf(code),
    level: LEVELS[severity],
    message: { text: messageText(message) },
    locations: [places.of(finding)],
    partialFingerprints: fingerprints.of(finding),
    ...(suppressed === undefined
      ? {}
      : {
          suppressions: [
            { kind: 'external', status: 'accepted', justification: `${suppressed.reason} (until ${suppressed.until})` },
          ],
        }),
    properties: { subject: { ...subject }, ...(evidence === undefined ? {} : { evidence }) },
  };
}

/**
 * A text in which nothing is a placeholder (`{0}`) or a link (`[label](address)`): SARIF 2.1.0, 3.11.5 and 3.11.6. Otherwise the name of an
 * input could put a link of its choice into an alert.
 */
function messageText(text: string): string {
  return text.replace(/[\\[\]]/g, '\\$&').replace(/[{}]/g, '$&$&');
}

/** Tells findings apart from run to run, whatever their wording and wherever they stand. */
class Fingerprints {
  readonly #seen = new Map<string, number>();

  of({ code, subject }: ReportedFinding): Record<string, string> {
    const hash = sha256Of(JSON.stringify([code, subject.kind, subject.id]), 'hex').slice(0, 32);
    const number = (this.#seen.get(hash) ?? 0) + 1;
    this.#seen.set(hash, number);
    // The second is the only one that GitHub compares; left out, it would take findings in the same line for one.
    return { 'flakeTrust/v1': `${hash}:${number}`, primaryLocationLineHash: `${hash.slice(0, 16)}:${number}` };
  }
}

/** Where a reader can act on a finding: its own place, that of the input it belongs to, else the file that decides. */
class Places {
  /** `file:` URI of the repository, with a slash at the end. */
  readonly base: string | undefined;
  readonly #folder: string;
  readonly #report: InputsReport;
  /** Input by store path: of its source, or of a package that Nix knows to be its. */
  readonly #inputs: ReadonlyMap<string, readonly string[]>;

  constructor({ report, closure }: FinishedAudit, { repositoryRoot }: SarifOptions) {
    this.#report = report;
    const { flake } = report;
    const root =
      flake === undefined ? undefined : repositoryRoot !== undefined && isWithin(flake, repositoryRoot) ? repositoryRoot : flake;
    this.base = root === undefined ? undefined : `file://${encoded(root.replace(/\/*$/, '/'))}`;
    this.#folder =
      root === undefined || flake === undefined ? '' : flake.slice(root.length).replace(/^\/+/, '').replace(/\/*$/, '/');
    const inputs = new Map<string, readonly string[]>();
    for (const { path, storePath } of report.inputs) if (storePath !== undefined) inputs.set(storePath, path);
    if (report.findings.some(({ subject }) => subject.kind === 'path')) {
      for (const { storePath, input } of closure?.paths() ?? []) if (input !== undefined) inputs.set(storePath, input);
    }
    this.#inputs = inputs;
  }

  of(finding: ReportedFinding): Location {
    const { subject, location } = finding;
    const logical = {
      logicalLocations: [{ name: shortName(subject.id), fullyQualifiedName: `${subject.kind}:${subject.id}`, kind: 'resource' }],
    };
    if (this.base === undefined) return logical;
    const place = location ?? this.#placeOf(finding);
    const uri = encoded(`${this.#folder}${place.file}`.replace(/^\/+/, ''));
    return { physicalLocation: { artifactLocation: { uri, uriBaseId: ROOT }, region: region(place) }, ...logical };
  }

  #placeOf({ subject }: ReportedFinding): TextRange & { readonly file: string } {
    const path =
      subject.kind === 'input' ? subject.id.split('/') : subject.kind === 'path' ? this.#inputs.get(subject.id) : undefined;
    const declared =
      path === undefined ? undefined : this.#report.inputs.find((input) => input.path.length === 1 && input.path[0] === path[0]);
    if (declared?.declaredAt !== undefined) return { file: 'flake.nix', ...declared.declaredAt };
    // What a closure consists of follows from the lock; which caches and keys count, from flake.nix if from any file of the repository.
    const inLock = subject.kind === 'path' || subject.kind === 'input' || subject.id.startsWith('flake.lock');
    return { file: inLock && this.#report.lock.state !== 'missing' ? 'flake.lock' : 'flake.nix', ...FIRST_LINE };
  }
}

const FIRST_LINE: TextRange = { line: 0, character: 0, endLine: 0, endCharacter: 0 };

/** SARIF counts from one; columns are UTF-16 as `columnKind` says. */
function region({ line, character, endLine, endCharacter }: TextRange) {
  return { startLine: line + 1, startColumn: character + 1, endLine: endLine + 1, endColumn: endCharacter + 1 };
}

function isWithin(directory: string, root: string): boolean {
  return directory === root || directory.startsWith(root.replace(/\/*$/, '/'));
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** A store path without its directory and hash; anything else as it is. */
function shortName(id: string): string {
  return /^\/.*\/[0-9a-z]{32}-(.+)$/.exec(id)?.[1] ?? id;
}
