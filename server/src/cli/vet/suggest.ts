import { suggest, type Candidate } from '../../engine/vetting/suggest';
import { suggestionLines } from '../../report/vettingDiff';
import { EXIT } from '../exit';
import { clonesOf, needPolicy, VetError, type VetContext } from './context';
import { fetchImport } from './import';

/** `vet suggest`: what is cheapest to review first. Nobody is asked, but the addresses named with `--consider`. */
export async function vetSuggest(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, vetting, git, signal, now, print } = context;
  const candidates: Candidate[] = [];
  for (const from of command.consider) {
    const document = await fetchImport(context, from);
    if (document.kind !== 'read') throw new VetError(`${from}: ${document.reason}`);
    candidates.push({ from, records: document.records });
  }
  const suggestions = await suggest(vetting, { git, clones: clonesOf(context), now }, candidates, signal);
  print(...suggestionLines(suggestions));
  return EXIT.ok;
}
