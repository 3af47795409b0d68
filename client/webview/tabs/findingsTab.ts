import { nameOf } from '../details';
import { growingList, h, linkButton, type Child } from '../dom';
import { icon, SEVERITY_ICONS } from '../icons';
import type { Finding, FindingGroup, Overview } from '../messages';
import { count, plural } from '../words';
import { commandBox, type TabsHost } from './shared';

const SEVERITY_WORDS = { error: 'Error', warning: 'Warning', information: 'Note', hint: 'Hint' } as const;

/** Findings by code, the worst first. */
export function findingsTab({ groups }: Overview, host: TabsHost): HTMLElement {
  if (groups.length === 0)
    return h('p', { class: 'empty' }, icon('check'), ' Nothing found. That says what was checked, and no more.');
  return h(
    'div',
    { class: 'sections' },
    groups.map((group) => findingGroup(group, host)),
  );
}

function findingGroup({ code, title, severity, findings }: FindingGroup, host: TabsHost): HTMLElement {
  return h(
    'section',
    { class: `card finding-group ${severity}` },
    h(
      'header',
      { class: 'card-head' },
      h(
        'span',
        { class: `severity ${severity}` },
        icon(SEVERITY_ICONS[severity]),
        h('span', { class: 'unseen' }, SEVERITY_WORDS[severity]),
      ),
      h('h2', {}, title, ' ', h('code', { class: 'dim' }, code)),
      h('vscode-badge', { variant: 'counter', 'aria-label': plural(findings.length, 'finding') }, count(findings.length)),
      linkButton('About this check', () => host.send({ type: 'help', code })),
    ),
    growingList(findings, findings.length, (finding) => findingItem(finding, host), {
      first: 10,
      step: 50,
      className: 'findings',
    }),
  );
}

function findingItem({ index, severity, message, subject, evidence, command, place }: Finding, host: TabsHost): HTMLElement {
  const isPath = subject.kind === 'path' && subject.id.startsWith('/');
  return h(
    'article',
    { class: 'finding' },
    h('p', { class: 'finding-message' }, h('span', { class: `severity ${severity}` }, icon(SEVERITY_ICONS[severity])), message),
    h(
      'div',
      { class: 'finding-actions' },
      isPath && linkButton('Show path', () => host.showPath(subject.id), subject.id),
      place !== undefined && linkButton(`Open ${place}`, () => host.send({ type: 'open', finding: index })),
    ),
    evidence !== undefined &&
      Object.keys(evidence).length > 0 &&
      h('details', { class: 'evidence' }, h('summary', {}, 'Evidence'), evidenceList(evidence, host)),
    command !== undefined &&
      commandBox('Shows the difference', command, () => host.send({ type: 'copyCommand', finding: index })),
  );
}

/** `verifiedBy` as `Verified by`. */
function words(name: string): string {
  const spaced = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function evidenceList(evidence: Readonly<Record<string, unknown>>, host: TabsHost): HTMLElement {
  return h(
    'dl',
    { class: 'facts' },
    Object.entries(evidence).flatMap(([name, value]) => [h('dt', {}, words(name)), h('dd', {}, evidenceValue(value, host))]),
  );
}

function evidenceValue(value: unknown, host: TabsHost): Child {
  if (typeof value === 'string')
    return /^\/.*\/[0-9a-z]{32}-[^/]+$/.test(value)
      ? linkButton(nameOf(value), () => host.showPath(value), value)
      : h('code', {}, value);
  if (typeof value === 'number') return count(value);
  if (Array.isArray(value))
    return value.length === 0
      ? h('span', { class: 'dim' }, 'none')
      : growingList(value as readonly unknown[], value.length, (entry) => h('div', {}, evidenceValue(entry, host)), {
          first: 10,
        });
  if (typeof value === 'object' && value !== null) return evidenceList(value as Readonly<Record<string, unknown>>, host);
  return String(value);
}
