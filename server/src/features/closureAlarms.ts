/**
 * What an audit of outputs found that is an alarm about an input: evidence that somebody serves something else than was built, for a path that is
 * known to belong to the input. Everything else stays in the report of the audit.
 */
import { finding, type Finding, type FindingCode } from '../domain/finding';
import type { FlakeFacts } from '../domain/flakeFacts';
import type { ReportedFinding } from '../domain/inputsReport';
import { storePathName, type StorePath } from '../domain/storePath';
import { plainText } from '../util/plainText';
import { placeOf } from './findings';
import { inputId, inputOfPath } from './view';

/** Those that would not come of a cache that merely has less, or less well signed, than others. */
const ALARMS: ReadonlySet<FindingCode> = new Set(['caches-disagree', 'signature-invalid', 'narinfo-changed']);

/** So many paths are named in the evidence of one. */
const MAX_NAMED = 20;

/** Makes one finding for each code and input; `inputs` tells to which input a path belongs. */
export function closureAlarms(
  findings: readonly ReportedFinding[],
  inputs: ReadonlyMap<StorePath, readonly string[]>,
  facts: FlakeFacts,
): Finding[] {
  const groups = new Map<
    string,
    { readonly first: ReportedFinding; readonly path: readonly string[]; readonly storePaths: StorePath[] }
  >();
  for (const found of findings) {
    const storePath = found.subject.id as StorePath;
    const path = found.subject.kind === 'path' && ALARMS.has(found.code) ? inputs.get(storePath) : undefined;
    if (path === undefined) continue;
    const key = JSON.stringify([found.code, path]);
    const group = groups.get(key) ?? { first: found, path, storePaths: [] };
    group.storePaths.push(storePath);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ first, path, storePaths }): Finding[] => {
    const input = inputOfPath(facts, path);
    const [one] = storePaths;
    if (input === undefined || one === undefined) return [];
    const place = placeOf(input);
    const { code, severity } = first;
    const others = storePaths.length === 1 ? '' : ` and ${storePaths.length - 1} more`;
    return [
      finding(code, {
        severity,
        message: `Input "${plainText(inputId(path), 30)}": ${WORDS[code] ?? ''} "${plainText(storePathName(one), 30)}"${others}`,
        subject: { kind: 'input', id: inputId(path) },
        ...(place === undefined ? {} : { place }),
        evidence: {
          of: 'the last audit of an output closure',
          total: storePaths.length,
          storePaths: storePaths.slice(0, MAX_NAMED),
        },
      }),
    ];
  });
}

const WORDS: Readonly<Partial<Record<FindingCode, string>>> = {
  'caches-disagree': 'caches serve different content for',
  'signature-invalid': 'a signature does not verify of',
  'narinfo-changed': 'a cache changed the content of',
};
