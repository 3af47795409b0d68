/** The rules of a policy for the store paths of an output. What could not be checked is counted apart: it is neither good nor bad. */
import { pathGlob } from '../../util/pathGlob';
import { plainText } from '../../util/plainText';
import type { Agreement } from '../closureReport';
import { finding, type Finding, type FindingCode } from '../finding';
import type { PathVerdict } from '../inputsReport';
import type { TrustedKeys } from '../publicKey';
import type { OutputsRule } from './types';

/** One store path, as the rules look at it. */
export interface PolicyPath {
  readonly storePath: string;
  readonly verdict: PathVerdict;
  /** Names of trusted keys that verified for it, at a cache or in the local store. */
  readonly keyNames: readonly string[];
  /** URLs of caches that have it, with a narinfo that Nix would accept. */
  readonly caches: readonly string[];
  /** URLs of caches that were asked for it and answered. */
  readonly answered: readonly string[];
  readonly built?: 'local' | 'would-build';
  readonly agreement?: Agreement;
}

/** So many paths are named in the evidence of a finding. */
const MAX_NAMED = 1000;

/** Codes of findings about the rules, in the order in which they are told. */
export const OUTPUT_RULES = [
  'policy-keys',
  'policy-cache',
  'policy-agreement',
  'policy-local-build',
] as const satisfies readonly FindingCode[];

export type OutputRule = (typeof OUTPUT_RULES)[number];

/** What became of one rule: store paths in the order in which they were looked at. */
export interface OutputRuleOutcome {
  readonly rule: OutputRule;
  readonly broken: readonly string[];
  /** Too little is known of them. */
  readonly unknown: readonly string[];
}

/** All that the findings about the rules are made from; JSON can hold it. */
export interface OutputsJudgement {
  /** Keys as `keyname:base64`; `notTrusted` are those of `keys` that the user does not trust. */
  readonly signedBy?: { readonly keys: readonly string[]; readonly atLeast: number; readonly notTrusted: readonly string[] };
  /** Canonical URLs. */
  readonly caches?: readonly string[];
  /** One for each rule that the policy has. */
  readonly outcomes: readonly OutputRuleOutcome[];
}

interface Group {
  readonly broken: string[];
  readonly unknown: string[];
}

const group = (): Group => ({ broken: [], unknown: [] });

/** Applies the rules, path by path. */
export class OutputRules {
  readonly #rule: OutputsRule;
  readonly #keyNames: ReadonlySet<string>;
  readonly #untrusted: readonly string[];
  readonly #mayBuild: readonly ((name: string) => boolean)[];
  readonly #keys = group();
  readonly #caches = group();
  readonly #agreement = group();
  readonly #builds = group();

  /** A key of the policy that the user does not trust counts for nothing: a repository cannot say who signs. */
  constructor(rule: OutputsRule, trusted: TrustedKeys) {
    this.#rule = rule;
    const keys = rule.signedBy?.keys ?? [];
    const own = keys.filter(({ name, text }) => trusted.byName.get(name)?.text === text);
    this.#keyNames = new Set(own.map(({ name }) => name));
    this.#untrusted = keys.filter((key) => !own.includes(key)).map(({ text }) => text);
    this.#mayBuild = (rule.localBuilds ?? []).map(pathGlob);
  }

  add(path: PolicyPath): void {
    const built = path.built !== undefined;
    if (built && this.#rule.localBuilds !== undefined && !this.#mayBuild.some((test) => test(nameOf(path.storePath)))) {
      this.#builds.broken.push(path.storePath);
    }
    // Nobody serves what is built here; whether it may be is the other rule.
    if (built) return;
    this.#addKeys(path);
    this.#addCaches(path);
    this.#addAgreement(path);
  }

  #addKeys({ storePath, verdict, keyNames }: PolicyPath): void {
    const { signedBy } = this.#rule;
    // The name of a content-addressed path is its content: nobody has to vouch for it.
    if (signedBy === undefined || verdict === 'content-addressed') return;
    const count = new Set(keyNames.filter((name) => this.#keyNames.has(name))).size;
    if (count >= signedBy.atLeast) return;
    (verdict === 'unknown' ? this.#keys.unknown : this.#keys.broken).push(storePath);
  }

  #addCaches({ storePath, caches, answered }: PolicyPath): void {
    const wanted = this.#rule.caches;
    if (wanted === undefined || wanted.some((url) => caches.includes(url))) return;
    (wanted.every((url) => answered.includes(url)) ? this.#caches.broken : this.#caches.unknown).push(storePath);
  }

  #addAgreement({ storePath, agreement }: PolicyPath): void {
    if (this.#rule.agreement !== true || agreement === 'agree') return;
    (agreement === undefined ? this.#agreement.unknown : this.#agreement.broken).push(storePath);
  }

  get judgement(): OutputsJudgement {
    const { signedBy, caches, agreement, localBuilds } = this.#rule;
    const outcome = (rule: OutputRule, wanted: boolean, { broken, unknown }: Group) =>
      wanted ? [{ rule, broken, unknown }] : [];
    return {
      ...(signedBy === undefined
        ? {}
        : { signedBy: { keys: signedBy.keys.map(({ text }) => text), atLeast: signedBy.atLeast, notTrusted: this.#untrusted } }),
      ...(caches === undefined ? {} : { caches }),
      outcomes: [
        ...outcome('policy-keys', signedBy !== undefined, this.#keys),
        ...outcome('policy-cache', caches !== undefined, this.#caches),
        ...outcome('policy-agreement', agreement === true, this.#agreement),
        ...outcome('policy-local-build', localBuilds !== undefined, this.#builds),
      ],
    };
  }
}

/** One finding for each rule that is broken, and one for each that could not be checked everywhere. */
export function outputFindings({ signedBy, caches = [], outcomes }: OutputsJudgement): Finding[] {
  const { keys = [], atLeast = 0, notTrusted = [] } = signedBy ?? {};
  const names = keys.map((text) => plainText(text.slice(0, Math.max(0, text.indexOf(':'))), 40));
  const hint = notTrusted.length === 0 ? '' : `; ${notTrusted.length} of the keys you do not trust`;
  const urls = caches.map((url) => plainText(url.replace(/^https?:\/\//, ''), 40)).join(', ');
  const words: Readonly<Record<OutputRule, string>> = {
    'policy-keys': `lack signatures of ${atLeast} of ${names.join(', ')}${hint}`,
    'policy-cache': `are in none of the caches that the policy names: ${urls}`,
    'policy-agreement': 'are not the same at two independent caches',
    'policy-local-build': 'are built here, which the policy does not allow',
  };
  const evidence: Readonly<Partial<Record<OutputRule, Readonly<Record<string, unknown>>>>> = {
    'policy-keys': { keys, atLeast, ...(notTrusted.length === 0 ? {} : { notTrustedByYou: notTrusted }) },
    'policy-cache': { caches },
  };
  return outcomes.flatMap((outcome) => told(outcome, words[outcome.rule], evidence[outcome.rule] ?? {}));
}

function told(
  { rule: code, broken, unknown }: OutputRuleOutcome,
  words: string,
  evidence: Readonly<Record<string, unknown>>,
): Finding[] {
  const findings: Finding[] = [];
  if (broken.length > 0) {
    const [first = ''] = broken;
    const subject = broken.length === 1 ? `"${plainText(nameOf(first), 40)}"` : `${broken.length} paths`;
    findings.push(
      finding(code, {
        message: cut(`${subject} ${broken.length === 1 ? words.replace(/^are /, 'is ').replace(/^lack /, 'lacks ') : words}`),
        subject: broken.length === 1 ? { kind: 'path', id: first } : { kind: 'file', id: 'flake-trust/policy.jsonc' },
        evidence: { ...evidence, paths: broken.slice(0, MAX_NAMED), total: broken.length },
      }),
    );
  }
  if (unknown.length > 0) {
    const how = code === 'policy-keys' ? '' : '; --challenge asks every cache';
    findings.push(
      finding(code, {
        severity: 'information',
        message: cut(`${unknown.length} paths could not be checked against this rule of the policy${how}`),
        subject: { kind: 'file', id: `flake-trust/policy.jsonc: ${code}, not checked` },
        evidence: { ...evidence, notChecked: unknown.slice(0, MAX_NAMED), total: unknown.length },
      }),
    );
  }
  return findings;
}

function cut(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}

/** A store path without its directory and hash. */
function nameOf(storePath: string): string {
  return /^.*\/[0-9a-z]{32}-(.+)$/.exec(storePath)?.[1] ?? storePath;
}
