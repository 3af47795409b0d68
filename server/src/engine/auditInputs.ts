/** Puts a flake's facts and what its caches say together: the report that every view reads. */
import type { FlakeFacts, InputFacts } from '../domain/flakeFacts';
import type { CacheReport, InputReport, InputsReport } from '../domain/inputsReport';
import { LineIndex } from '../util/lineIndex';
import { plainText } from '../util/plainText';
import { VERSION } from '../version';
import { whyWithheld, type CacheView } from './askCaches';
import { dynamicFindings, type JudgedInput } from './dynamicFindings';
import type { AuditScope } from './engine';
import { judgeAnswer, judgePath, notAsked, type Judged } from './judge';
import { reportedFindings, ruledFindings } from './reportedFindings';

/**
 * Of all inputs at all caches. Beyond it, answers of caches that are not asked at all are left out: otherwise a flake with thousands of inputs
 * that names hundreds of caches would make a report too large to print.
 */
const MAX_ANSWERS = 200_000;

/** Makes the report of a flake from its facts and what `views` hold. Depends on nothing else, not even on the time. */
export function auditInputs(facts: FlakeFacts, views: readonly CacheView[], scope: AuditScope): InputsReport {
  const ordered = inAskingOrder(views);
  const told =
    facts.inputs.length * ordered.length > MAX_ANSWERS ? ordered.filter(({ refusal }) => refusal === undefined) : ordered;
  const judged = facts.inputs.map((input): JudgedInput & ReturnType<typeof judgePath> => {
    const answers = told.map((view) => answerFor(input, view, scope));
    return { input, answers, ...judgePath(answers) };
  });
  const index = new LineIndex(facts.flakeNixText ?? '');
  const findings = ruledFindings([...facts.findings, ...dynamicFindings(judged)], scope);
  return {
    schemaVersion: 1,
    tool: { name: 'flake-trust', version: VERSION },
    ...(scope.flakeDir === undefined ? {} : { flake: scope.flakeDir }),
    lock: lockReport(facts),
    caches: ordered.map((view) => cacheReport(view, scope)),
    inputs: judged.map(({ input, answers, verdict, keyNames }) => inputReport(input, answers, { verdict, keyNames }, index)),
    findings: reportedFindings(findings, facts),
  };
}

/**
 * As Nix would ask: ascending priority, equal ones as configured. Then those whose priority nobody knows because they never answered,
 * then those that are not asked at all.
 */
function inAskingOrder(views: readonly CacheView[]): CacheView[] {
  const rank = (view: CacheView): number => (view.refusal !== undefined ? 2 : priorityOf(view) === undefined ? 1 : 0);
  return [...views].sort((a, b) => rank(a) - rank(b) || (priorityOf(a) ?? 0) - (priorityOf(b) ?? 0));
}

/** `?priority=` goes before what the cache advertises. */
function priorityOf({ cache, info }: CacheView): number | undefined {
  return cache.substituter.priority ?? info.good?.value.priority;
}

function cacheReport(view: CacheView, scope: AuditScope): CacheReport {
  const { cache, info } = view;
  const priority = priorityOf(view);
  const storeDir = info.good?.value.storeDir;
  return {
    url: cache.substituter.url,
    origin: cache.origin,
    ...stateOf(view, scope),
    ...(priority === undefined ? {} : { priority }),
    ...(storeDir === undefined ? {} : { storeDir: plainText(storeDir, 200) }),
  };
}

function stateOf({ info, refusal }: CacheView, scope: AuditScope): Pick<CacheReport, 'state' | 'reason'> {
  if (refusal !== undefined) return { state: 'not-asked', reason: plainText(refusal, 200) };
  if (scope.offline) return { state: 'not-asked', reason: plainText(scope.offlineReason ?? 'offline', 200) };
  if (info.failure !== undefined) return { state: 'unreachable', reason: plainText(info.failure.value.reason, 200) };
  if (info.good !== undefined) return { state: 'reachable' };
  return { state: 'not-asked', reason: 'nothing was asked of it' };
}

function answerFor(input: InputFacts, view: CacheView, scope: AuditScope): Judged {
  // What holds for the cache as a whole is the better reason: nothing was kept from it for this input's sake.
  if (view.refusal !== undefined) return notAsked(view.cache, view.refusal);
  if (input.storePath === undefined) return notAsked(view.cache, whyNoStorePath(input));
  const withheld = whyWithheld(view.cache, input);
  if (withheld !== undefined) return notAsked(view.cache, withheld);
  const path = { storePath: input.storePath, ...(input.narHash === undefined ? {} : { narHash: input.narHash }) };
  return judgeAnswer(view, path, scope);
}

function whyNoStorePath({ resolution, lockNode, narHash }: InputFacts): string {
  switch (resolution.kind) {
    case 'root':
      return 'it is this flake itself';
    case 'dangling':
      return 'it follows an input that does not exist';
    case 'cycle':
      return 'it follows itself in a circle';
    case 'not-locked':
      return 'it is not in flake.lock';
    case 'node':
      if (lockNode?.narHashProblem !== undefined) return 'its narHash in flake.lock is no hash';
      return narHash === undefined ? 'flake.lock records no narHash for it' : 'it lies in the tree of its parent';
  }
}

function inputReport(
  input: InputFacts,
  answers: readonly Judged[],
  signer: InputReport['signer'],
  index: LineIndex,
): InputReport {
  const { path, node, follows, declared, type, reference, rev, lastModified, narHash, storePath, flake, privateReason } = input;
  const atRoot = path.length === 1 ? declared : undefined;
  return {
    path,
    node,
    ...(follows === undefined ? {} : { follows }),
    ...(atRoot === undefined ? {} : { declaredAt: index.rangeOf(atRoot.nameSpan) }),
    type,
    reference,
    ...(rev === undefined ? {} : { rev }),
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(narHash === undefined ? {} : { narHash }),
    ...(storePath === undefined ? {} : { storePath }),
    flake,
    private: privateReason !== undefined,
    answers: answers.map(({ answer }) => answer),
    signer,
    vetting: { state: 'no-policy' },
  };
}

function lockReport({ lock }: FlakeFacts): InputsReport['lock'] {
  switch (lock.state) {
    case 'ok':
      return { state: 'ok', version: lock.version };
    case 'missing':
      return { state: 'missing' };
    case 'unreadable':
      return {
        state: 'unreadable',
        ...(lock.version === undefined ? {} : { version: lock.version }),
        message: plainText(lock.message, 400),
      };
  }
}
