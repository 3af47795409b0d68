/** What the features of one flake read: its files, what they say together, what is known of caches, and how to name things to the editor. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Location, Range } from 'vscode-languageserver-types';
import type { Finding, FlakeFile, Place, Severity } from '../domain/finding';
import type { FlakeFacts, InputFacts } from '../domain/flakeFacts';
import type { InputReport, InputsReport, ReportedFinding } from '../domain/inputsReport';
import type { VettingFile } from '../domain/vetting/types';
import type { FlakeVetting } from '../domain/vetting/vetFlake';
import type { VettingRules } from '../engine/vetting/withVetting';
import type { DeclaredCache, TrustConfiguration } from '../engine/trustConfiguration';
import type { Span } from '../util/span';

/** Why caches are, or are not, asked by themselves. */
export type Access = 'auto' | 'manual' | 'offline' | 'restricted';

/** Issues the opaque ids that links carry. */
export interface References {
  idOf(
    target:
      | { readonly kind: 'flake'; readonly dir: string }
      | { readonly kind: 'input'; readonly dir: string; readonly path: readonly string[] },
  ): string;
}

export interface FlakeView {
  /** Absolute folder of the flake. */
  readonly dir: string;
  /** The texts that {@link facts} were read from, open in the editor or not; the version of a closed one is -1. */
  readonly documents: Readonly<Partial<Record<FlakeFile, TextDocument>>>;
  readonly facts: FlakeFacts;
  /** Absent until memory and disk were looked into. */
  readonly report?: InputsReport;
  /** What earlier checks found out about binaries is still being looked up. */
  readonly binariesPending?: boolean;
  /** Absent while the vetting files are being read. */
  readonly vetting?: VettingView;
  /** Those that are reported, static and of caches, with the user's severities. */
  readonly findings: readonly Finding[];
  readonly configuration: TrustConfiguration;
  /** Caches that the flake's nixConfig names. */
  readonly declared: readonly DeclaredCache[];
  readonly access: Access;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly references: References;
}

/** The verdicts of the project's policy, and what is wrong with its files. */
export interface VettingView {
  readonly flake: FlakeVetting;
  readonly rules: VettingRules;
  /** Findings about the vetting files themselves, with the user's severities. */
  readonly mistakes: readonly ReportedFinding[];
  /** Whether the policy says to live with a finding. */
  readonly isSuppressed: (finding: Pick<Finding, 'code' | 'subject'>) => boolean;
  /** Only what keys have signed that the user named counts. */
  readonly userKeys: boolean;
  /** When it has to be judged anew, though nothing changes: milliseconds since 1970. */
  readonly until: number;
  /** The texts that it was read from; the version of one that is not open is -1. */
  readonly documents: Readonly<Partial<Record<VettingFile, TextDocument>>>;
}

/** Whether there is a policy, readable or not. */
export function hasPolicy({ flake: { files } }: VettingView): boolean {
  return files.policy !== undefined || files.broken;
}

/** Converts a span of a document to a range. */
export function rangeOf(document: TextDocument, span: Span): Range {
  return { start: document.positionAt(span.start), end: document.positionAt(span.end) };
}

/** Converts a place to a location; nothing when its file is not there. */
export function locationOf(view: FlakeView, place: Place): Location | undefined {
  const document = view.documents[place.file];
  return document === undefined ? undefined : { uri: document.uri, range: rangeOf(document, place.span) };
}

/** The subject id of findings about an input. */
export function inputId(path: readonly string[]): string {
  return path.join('/');
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, information: 2, hint: 3 };

/** Orders severities, the gravest first. */
export function bySeverity(a: { readonly severity: Severity }, b: { readonly severity: Severity }): number {
  return RANK[a.severity] - RANK[b.severity];
}

/** The reported findings about one input, the gravest first. */
export function findingsOf(view: FlakeView, path: readonly string[]): readonly Finding[] {
  const id = inputId(path);
  return view.findings.filter(({ subject }) => subject.kind === 'input' && subject.id === id).sort(bySeverity);
}

/** Looks things of one flake up by path or node; built when first asked for, linear in the number of inputs. */
interface Index {
  readonly byPath: ReadonlyMap<string, InputFacts>;
  readonly byNode: ReadonlyMap<string, InputFacts>;
}

const indexes = new WeakMap<FlakeFacts, Index>();
const reports = new WeakMap<InputsReport, ReadonlyMap<string, InputReport>>();
const pathKey = (path: readonly string[]): string => JSON.stringify(path);

function indexOf(facts: FlakeFacts): Index {
  const known = indexes.get(facts);
  if (known !== undefined) return known;
  const byPath = new Map<string, InputFacts>();
  const byNode = new Map<string, InputFacts>();
  for (const input of facts.inputs) {
    byPath.set(pathKey(input.path), input);
    const other = byNode.get(input.node);
    // The input that the node belongs to, rather than one that only follows it; then the nearest to the root.
    if (other === undefined || nearness(input) < nearness(other)) byNode.set(input.node, input);
  }
  const index = { byPath, byNode };
  indexes.set(facts, index);
  return index;
}

const nearness = ({ follows, path }: InputFacts): number => (follows === undefined ? 0 : 1000) + path.length;

/** Finds an input by its path from the root. */
export function inputOfPath(facts: FlakeFacts, path: readonly string[]): InputFacts | undefined {
  return indexOf(facts).byPath.get(pathKey(path));
}

/** Finds the input that a lock node is best known as. */
export function inputOfNode(facts: FlakeFacts, node: string): InputFacts | undefined {
  return indexOf(facts).byNode.get(node);
}

/** Finds what is known of one input. */
export function reportOf(view: FlakeView, path: readonly string[]): InputReport | undefined {
  if (view.report === undefined) return undefined;
  let byPath = reports.get(view.report);
  if (byPath === undefined) {
    byPath = new Map(view.report.inputs.map((input) => [pathKey(input.path), input]));
    reports.set(view.report, byPath);
  }
  return byPath.get(pathKey(path));
}
