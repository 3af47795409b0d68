import type { VettingRecord } from '../../domain/vetting/types';
import { reviewedTrees } from '../../domain/vetting/nearest';
import type { JsonObject } from '../../domain/vetting/shape';
import { byWords, needlessExemption, vetFlake } from '../../domain/vetting/vetFlake';
import { nearestBase } from '../../engine/vetting/suggest';
import { readVetting } from '../../engine/vetting/readVetting';
import { PRUNE_WORDS } from '../../report/words';
import { plainText } from '../../util/plainText';
import { treeField, treeFields } from '../../domain/vetting/newRecord';
import { EXIT } from '../exit';
import {
  givenAuthorFields,
  clonesOf,
  criteriaField,
  lockedInput,
  needPolicy,
  untilField,
  VetError,
  writeRecords,
  type VetContext,
} from './context';
import { ask } from './terminal';

/** `vet certify INPUT`: records a review of all of it, or of what changed since a reviewed revision. */
export async function vetCertify(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command } = context;
  const name = command.operands[0] ?? '';
  const input = lockedInput(context, name);
  const from = await baseField(context, input.node, name);
  const scope = command.scope ?? (command.yes ? undefined : await ask(context, 'What did you read? (empty: all of it) '));
  const fields: JsonObject = {
    kind: 'audit',
    ...treeFields(input),
    ...from,
    ...criteriaField(context, input.node),
    ...(scope === undefined ? {} : { scope }),
    ...(command.paths.length === 0 ? {} : { paths: command.paths }),
    ...(await untilField(context, false)),
    ...(await givenAuthorFields(context)),
  };
  if (!(await writeRecords(context, [fields]))) return EXIT.ok;
  await tellVerdict(context, input.node, name);
  return EXIT.ok;
}

/** From which tree the difference was reviewed; nothing for a full review. */
async function baseField(context: VetContext, node: string, name: string): Promise<JsonObject> {
  const { command, vetting, git, signal } = context;
  let { full, delta } = command;
  if ([full, delta, command.from !== undefined].filter(Boolean).length > 1)
    throw new VetError('--full, --delta and --from exclude each other');
  const one = vetting.judged.get(node);
  if (command.from !== undefined) return { from: treeOfRevision(vetting.files.records, command.from) };
  const trees = one === undefined ? [] : reviewedTrees(vetting, one);
  if (!full && !delta) {
    const choice =
      trees.length === 0
        ? 'full'
        : await ask(
            context,
            `Did you review all of ${plainText(name, 60)} (full), or what changed since it was vetted (delta)? `,
          );
    full = choice === 'full';
    delta = choice === 'delta';
    // Nothing else can be meant where no other tree is known; but it is said aloud.
    if (!full && !delta)
      throw new VetError(
        '--full or --delta is needed: a review of all of it, or of what changed since the nearest vetted revision',
      );
  }
  if (full || one === undefined) return {};
  const base = await nearestBase(vetting, one, { git, clones: clonesOf(context) }, signal);
  if (base === undefined) throw new VetError(`--delta: no other revision of "${plainText(name, 80)}" is vetted or exempted`);
  return { from: treeField(base.tree) };
}

function treeOfRevision(records: readonly VettingRecord[], text: string): JsonObject {
  const found = records.find(({ rev, narHash, id }) => rev === text || narHash === text || id.startsWith(text));
  if (found?.narHash === undefined) throw new VetError(`--from: no record has the revision, hash or id "${plainText(text, 80)}"`);
  return treeField({ narHash: found.narHash, ...(found.rev === undefined ? {} : { rev: found.rev }) });
}

/** Says what came of it: the record may not suffice, or something else may go before it. */
export async function tellVerdict(context: VetContext, node: string, name: string): Promise<void> {
  const { facts, folder, now, signal, print } = context;
  const files = await readVetting((file, maxBytes, waiting) => folder.read(file, maxBytes, waiting), signal);
  const verdict = vetFlake(facts, files, { now }).judged.get(node)?.verdict;
  const label = plainText(name, 80);
  if (verdict === undefined) return;
  switch (verdict.state) {
    case 'vetted':
      print(`${label} is vetted.`);
      return;
    case 'no-policy':
      print(`${label} is still shown without a verdict: the policy asks for no review of it.`);
      return;
    case 'exempted': {
      const chain = verdict.criteria
        .flatMap(({ chain: records }) => records)
        .filter(({ kind }) => kind === 'exemption' || kind === 'trust');
      print(
        chain.length === 0
          ? `${label} is exempted.`
          : `${label} is still shown as exempted, by ${byWords(chain)}${needlessExemption(verdict).length === 0 ? '.' : `: ${PRUNE_WORDS}`}`,
      );
      return;
    }
    case 'denied':
      print(`${label} is denied all the same, by ${byWords(verdict.denials)}: \`flake-trust vet explain\` shows why.`);
      return;
    case 'unvetted':
    case 'expired':
    case 'other-hash': {
      const missing = verdict.criteria.filter(({ basis }) => basis === undefined).map(({ criterion }) => criterion);
      print(`${label} still lacks ${missing.join(', ')}: \`flake-trust vet explain\` shows why.`);
    }
  }
}
