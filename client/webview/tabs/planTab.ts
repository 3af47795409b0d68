import { nameOf } from '../details';
import { growingList, h, linkButton, property } from '../dom';
import type { Overview } from '../messages';
import { count, plural } from '../words';
import { card, type TabsHost } from './shared';

const REASONS = {
  'not-in-caches': 'no cache has it with a signature that you trust',
  'broken-closure': 'something that it refers to is in no cache',
  forbidden: 'its derivation forbids substitutes',
  'unknown-path': 'its path is known only once it is built',
} as const;

/** What Nix would do to have the outputs. */
export function planTab(plan: NonNullable<Overview['plan']>, host: TabsHost): HTMLElement {
  const { nix, local, substitute, build, missing, unplanned } = plan;
  const parts: readonly (readonly [string, string, number, string])[] = [
    ['local', 'Already here', local, 'in the local store'],
    ['substitute', 'To fetch', substitute, 'from caches, each with a signature that passes'],
    ['build', 'To build', build.count, 'on this machine'],
  ];
  const all = local + substitute + build.count;
  return h(
    'div',
    { class: 'sections' },
    h(
      'section',
      { class: 'card' },
      h('header', { class: 'card-head' }, h('h2', {}, 'What Nix would do'), h('span', { class: 'dim' }, `Nix ${nix}`)),
      h(
        'div',
        { class: 'stack tall', 'aria-hidden': 'true' },
        parts.map(([className, , number]) =>
          property(h('span', { class: `plan-${className}` }), '--share', all === 0 ? 0 : number / all),
        ),
      ),
      h(
        'dl',
        { class: 'plan' },
        parts.map(([className, label, number, explanation]) =>
          h(
            'div',
            { class: `plan-part plan-${className}` },
            h('dt', {}, label),
            h('dd', {}, h('strong', {}, count(number)), ' ', explanation),
          ),
        ),
      ),
      h(
        'p',
        { class: 'dim' },
        'Unlike the dry run of Nix, a path counts as fetched only if its signature was verified, with everything that it refers to.',
      ),
    ),
    build.count > 0 &&
      card(
        `To build: ${plural(build.count, 'derivation')}`,
        growingList(build.first, build.count, ({ drvPath, outputs, reason, missing: lacking }) =>
          h(
            'div',
            { class: 'build' },
            h('strong', { title: drvPath }, nameOf(drvPath).replace(/\.drv$/, '')),
            outputs.length > 1 && h('span', { class: 'dim' }, ` (${outputs.join(', ')})`),
            h('span', { class: 'dim' }, `: ${REASONS[reason]}`),
            lacking !== undefined && [' ', linkButton(nameOf(lacking), () => host.showPath(lacking), lacking)],
          ),
        ),
      ),
    missing.count > 0 &&
      card(
        `Nowhere to be found: ${plural(missing.count, 'source')}`,
        growingList(missing.first, missing.count, (storePath) => h('code', {}, storePath)),
      ),
    unplanned.count > 0 &&
      card(
        `Not planned: Nix did not say enough about ${plural(unplanned.count, 'derivation')}`,
        growingList(unplanned.first, unplanned.count, (drvPath) => h('code', {}, drvPath)),
      ),
  );
}
