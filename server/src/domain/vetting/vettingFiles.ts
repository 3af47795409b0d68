/** The three vetting files read together, without a flake: what depends on their texts alone, and can be remembered by them. */
import type { FileProblem } from './jsonc';
import { importedRecords } from './importMap';
import { LineIndex } from '../../util/lineIndex';
import { runSteps, type Steps } from '../../util/steps';
import { readingImportsLock, type LockedImport } from './importsLock';
import { readPolicy } from './policy';
import { readingRecords } from './records';
import { VETTING_FILES, type Policy, type VettingFile, type VettingRecord } from './types';

/** Texts of the files; one that is absent is left out. */
export type VettingTexts = Readonly<Partial<Record<VettingFile, string>>>;

export interface PlacedProblem extends FileProblem {
  readonly file: VettingFile;
}

export interface VettingFiles {
  readonly texts: VettingTexts;
  /** Absent without a policy file; then nothing is judged. */
  readonly policy?: Policy;
  /** There is a policy file, and it could not be read at all; or the records could not. Then nothing is known of any input. */
  readonly broken: boolean;
  /** The repository's own. */
  readonly own: readonly VettingRecord[];
  /** Its own, and those imported as they count here. */
  readonly records: readonly VettingRecord[];
  readonly imports: ReadonlyMap<string, LockedImport>;
  readonly problems: readonly PlacedProblem[];
  /** Where a record of the repository stands in records.jsonc. */
  readonly placeOf: (record: VettingRecord) => FileProblem['span'];
}

/** Reads the texts. What one file lacks or gets wrong does not keep the others from being read. */
export function readVettingFiles(texts: VettingTexts): VettingFiles {
  return runSteps(readingVettingFiles(texts));
}

/** The same in steps: tens of thousands of records take long. */
export function* readingVettingFiles(texts: VettingTexts): Steps<VettingFiles> {
  const problems: PlacedProblem[] = [];
  const from = (file: VettingFile, found: readonly FileProblem[]): void => {
    problems.push(...found.map((problem) => ({ ...problem, file })));
  };
  const policyText = texts[VETTING_FILES.policy];
  const read = policyText === undefined ? undefined : readPolicy(policyText);
  from(VETTING_FILES.policy, read?.problems ?? []);
  const recordsText = texts[VETTING_FILES.records];
  const own = recordsText === undefined ? undefined : yield* readingRecords(recordsText);
  from(VETTING_FILES.records, own?.problems ?? []);
  const importsText = texts[VETTING_FILES.imports];
  const lock = importsText === undefined ? undefined : yield* readingImportsLock(importsText);
  from(VETTING_FILES.imports, lock?.problems ?? []);
  const imports = lock?.imports ?? new Map<string, LockedImport>();
  const policy = read?.policy;
  const imported = (policy?.imports ?? []).flatMap((rule) => {
    const locked = imports.get(rule.name);
    // A policy that names another address means other records than those that were fetched.
    if (locked?.from === rule.from) return importedRecords(locked.records, rule);
    if (lock?.broken !== true && !problems.some(({ file }) => file === VETTING_FILES.imports)) {
      const span = { start: 0, end: 0 };
      const message = `import "${rule.name}" is not fetched yet: run \`flake-trust vet import\``;
      problems.push({ file: VETTING_FILES.policy, message, span });
    }
    return [];
  });
  return {
    texts,
    ...(policy === undefined ? {} : { policy }),
    broken: (policyText !== undefined && policy === undefined) || own?.broken === true,
    own: own?.records ?? [],
    records: [...(own?.records ?? []), ...imported],
    imports,
    problems,
    placeOf: ({ index, importedFrom }) => (importedFrom === undefined ? own?.placeOf(index) : undefined) ?? { start: 0, end: 0 },
  };
}

/** Where something stands in a file, for people: `flake-trust/policy.jsonc:3:7`. */
export function placeWords(file: VettingFile, span: FileProblem['span'], text = ''): string {
  const { line, character } = new LineIndex(text).rangeOf(span);
  return `${file}:${line + 1}:${character + 1}`;
}
