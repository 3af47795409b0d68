/** A verdict in words, the same in hover and reports. */
import { plainText } from '../../util/plainText';
import type { InputReport } from '../inputsReport';

export interface VerdictWords {
  /** What comes first is the verdict; none ends with a full stop. */
  readonly facts: readonly string[];
  /** What was read, where the records say so. */
  readonly read?: string;
  readonly tone: 'good' | 'bad' | 'doubtful' | 'plain';
}

/** Says whether and by whom a source was reviewed, as the records of the repository claim. */
export function verdictWords(vetting: InputReport['vetting']): VerdictWords {
  const by = vetting.by === undefined ? '' : ` by ${plainText(vetting.by, 100)}`;
  const until = vetting.until === undefined ? [] : [`until ${plainText(vetting.until, 30)}`];
  const criteria = vetting.criteria === undefined ? [] : [names(vetting.criteria)];
  const read = vetting.scope === undefined ? {} : { read: vetting.scope.map((one) => plainText(one, 100)).join(' / ') };
  const unsigned = vetting.signed === false ? ['not signed'] : [];
  switch (vetting.state) {
    case 'no-policy':
      return { facts: [vetting.criteria === undefined ? 'no policy' : 'the policy asks for no review of it'], tone: 'plain' };
    case 'vetted':
      return { facts: [`reviewed${by}`, ...criteria, ...until, ...unsigned], ...read, tone: 'good' };
    case 'exempted':
      if (vetting.basis === 'trust')
        return { facts: [`not reviewed: trust in its source${by}`, ...until, ...unsigned], tone: 'plain' };
      if (vetting.reviewedBy !== undefined) {
        const also = `also reviewed by ${plainText(vetting.reviewedBy, 100)}`;
        return { facts: [`exempted${by}`, ...until, ...unsigned, also], ...read, tone: 'plain' };
      }
      return { facts: [`not reviewed: exempted${by}`, ...until, ...unsigned], ...read, tone: 'plain' };
    case 'unvetted': {
      const missing = vetting.missing === undefined ? '' : `: ${names(vetting.missing)}`;
      return { facts: [`no review covers this hash${missing}`], tone: 'doubtful' };
    }
    case 'expired':
      return { facts: [`what covers this hash${by} has ended`], tone: 'doubtful' };
    case 'other-hash':
      return { facts: [`no review of this hash; a record${by} covers another`], tone: 'doubtful' };
    case 'denied':
      return { facts: [`denied${by}`], tone: 'bad' };
  }
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, 3).map((name) => plainText(name, 62));
  return all.length > 3 ? `${shown.join(', ')} and ${all.length - 3} more` : shown.join(', ');
}
