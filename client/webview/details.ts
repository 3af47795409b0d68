/** Everything about one path: why it is here, who vouches for it, what each cache said, who needs it. */
import type { ClosurePathDetails } from '../../server/src/protocol';
import { growingList, h, iconButton, linkButton, verdictMark, type Child } from './dom';
import { icon, type IconName } from './icons';
import { AGREEMENT_LABELS, bytes, cacheLabel, moment, plural, verdictSentence } from './words';

export interface DetailsActions {
  /** Whether a path is one of those that were audited. */
  readonly isRoot: (storePath: string) => boolean;
  readonly show: (storePath: string) => void;
  readonly copy: (storePath: string) => void;
  readonly close: () => void;
  readonly back?: () => void;
}

/** `hello-2.12.1` of a store path; all of what is none. */
export function nameOf(storePath: string): string {
  return /\/[0-9a-z]{32}-(.+)$/s.exec(storePath)?.[1] ?? storePath;
}

/** The pane while the answer is on its way, or when there is none. */
export function detailsFrame(
  storePath: string,
  { copy, close, back }: DetailsActions,
  ...content: readonly Child[]
): HTMLElement {
  return h(
    'div',
    { class: 'details-inner' },
    h(
      'div',
      { class: 'details-head' },
      back !== undefined && iconButton('back', 'Back to the previous path', back),
      h('h2', { tabindex: -1 }, nameOf(storePath)),
      iconButton('close', 'Close details (Escape)', close),
    ),
    h(
      'div',
      { class: 'store-path' },
      h('code', {}, storePath),
      iconButton('copy', 'Copy store path', () => copy(storePath)),
    ),
    content,
  );
}

export function details(answer: ClosurePathDetails, actions: DetailsActions): HTMLElement {
  const { path, why, referrers, referrerCount } = answer;
  const { storePath, verdict, keyNames, from, narHash, narSize, references, input, built, local, agreement, answers = [] } = path;
  const others = references.filter((reference) => reference !== storePath);
  const link = (target: string): HTMLElement => linkButton(nameOf(target), () => actions.show(target), target);
  return detailsFrame(
    storePath,
    actions,
    h('p', { class: 'details-verdict' }, verdictMark(verdict), ' ', h('span', { class: 'dim' }, verdictSentence(verdict))),
    facts([
      ['Signed by', keyNames.length > 0 && names(keyNames)],
      ['Nix would take it from', from !== undefined && h('span', { title: from }, cacheLabel(from))],
      ['Caches', agreement !== undefined && h('span', { class: `agreement ${agreement}` }, AGREEMENT_LABELS[agreement][1])],
      ['Unpacked size', narSize !== undefined && bytes(narSize)],
      ['NAR hash', narHash !== undefined && h('code', {}, narHash)],
      ['Made by input', input?.join('/')],
      [
        'Built',
        built === 'local'
          ? 'on this machine'
          : built === 'would-build' &&
            `not yet: Nix would build it here${from === undefined ? '' : ' all the same; the plan says why'}`,
      ],
      [
        'In the local store',
        local && [
          verdictMark(local.verdict),
          ...(local.keyNames.length === 0 ? [] : [h('span', {}, ' by ', names(local.keyNames))]),
        ],
      ],
    ]),
    section(
      'chevron',
      whyTitle(answer, actions.isRoot),
      h(
        'ol',
        { class: 'why' },
        why.map((step) =>
          h(
            'li',
            { class: step.storePath === storePath ? 'here' : '' },
            h(
              'div',
              { class: 'why-step' },
              step.storePath === storePath ? h('strong', {}, nameOf(step.storePath)) : link(step.storePath),
              h(
                'div',
                { class: 'why-facts' },
                verdictMark(step.verdict),
                step.keyNames.length > 0 && h('span', {}, icon('key'), step.keyNames.join(', ')),
                step.from !== undefined && h('span', {}, icon('server'), cacheLabel(step.from)),
              ),
            ),
          ),
        ),
      ),
    ),
    answers.length > 0 && section('server', 'What each cache said', h('ul', { class: 'answers' }, answers.map(answerItem))),
    section(
      'arrowUp',
      `Referred to by ${plural(referrerCount, 'path')}`,
      referrerCount === 0
        ? h('p', { class: 'dim' }, 'No path of this closure.')
        : growingList(referrers, referrerCount, link, { first: 10 }),
    ),
    section(
      'arrowDown',
      `Refers to ${plural(others.length, 'path')}${others.length < references.length ? ', and to itself' : ''}`,
      others.length === 0 ? h('p', { class: 'dim' }, 'None.') : growingList(others, others.length, link, { first: 10 }),
    ),
  );
}

/** A chain starts at an output, or, where no references lead there from one, at what building an output needs. */
function whyTitle({ why }: ClosurePathDetails, isRoot: DetailsActions['isRoot']): string {
  const steps = why.length - 1;
  const start = why[0];
  if (start !== undefined && isRoot(start.storePath))
    return steps === 0 ? 'Why it is here: it is what was audited' : `Why it is here: ${plural(steps, 'step')} from the output`;
  return steps <= 0
    ? 'Why it is here: a build that is still to be done needs it'
    : `Why it is here: ${plural(steps, 'step')} from what a build needs`;
}

const ANSWERS = {
  found: 'has it',
  absent: 'does not have it',
  unauthorized: 'asks for a password',
  unreachable: 'did not answer',
  malformed: 'answered something that is no narinfo',
  'not-asked': 'was not asked',
} as const;

const SIGNATURES = {
  verified: ['verified', 'verified'],
  invalid: ['invalid-signature', 'does not verify'],
  'untrusted-key': ['untrusted-key', 'key not trusted'],
} as const;

function answerItem({
  url,
  answer,
  reason,
  narHash,
  contentAddressed,
  signatures = [],
  checkedAt,
}: NonNullable<ClosurePathDetails['path']['answers']>[number]): HTMLElement {
  return h(
    'li',
    { class: `answer ${answer}` },
    h(
      'div',
      { class: 'answer-head' },
      h('strong', { title: url }, cacheLabel(url)),
      ` ${ANSWERS[answer]}`,
      reason !== undefined && h('span', { class: 'dim' }, `: ${reason}`),
    ),
    narHash !== undefined && h('code', { class: 'hash' }, narHash),
    contentAddressed === true && h('p', { class: 'dim' }, 'Recomputed from its content address, and agrees.'),
    signatures.map(({ keyName, verdict }) =>
      h(
        'p',
        { class: 'signature' },
        h('span', { class: `verdict ${SIGNATURES[verdict][0]}` }, icon('key'), h('span', {}, keyName)),
        ` ${SIGNATURES[verdict][1]}`,
      ),
    ),
    answer === 'found' &&
      signatures.length === 0 &&
      contentAddressed !== true &&
      h('p', { class: 'dim' }, 'Without a signature.'),
    checkedAt !== undefined && h('p', { class: 'dim' }, `checked ${moment(checkedAt)}`),
  );
}

function names(keyNames: readonly string[]): HTMLElement {
  return h('span', {}, keyNames.join(', '));
}

function facts(rows: readonly (readonly [string, Child])[]): HTMLElement {
  return h(
    'dl',
    { class: 'facts' },
    rows.flatMap(([term, value]) => (value === false || value === undefined ? [] : [h('dt', {}, term), h('dd', {}, value)])),
  );
}

function section(name: IconName, title: string, ...content: readonly Child[]): HTMLElement {
  return h('section', { class: 'details-section' }, h('h3', {}, icon(name), title), content);
}
