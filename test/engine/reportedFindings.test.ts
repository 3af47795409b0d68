import assert from 'node:assert/strict';
import { finding } from '../../server/src/domain/finding';
import { reportedFindings, ruledFindings } from '../../server/src/engine/reportedFindings';
import { flakeFacts } from '../support/flakeFacts';

const about = (id: string) => ({ message: `about ${id}`, subject: { kind: 'input', id } as const });

describe('which findings are reported', () => {
  const all = [finding('lock-no-hash', about('a')), finding('indirect-ref', about('b')), finding('stale-input', about('c'))];

  it('those of an audit only in an audit; those of a limit whenever they come', () => {
    assert.deepEqual(
      ruledFindings(all, {}).map(({ code }) => code),
      ['lock-no-hash', 'stale-input'],
    );
    assert.equal(ruledFindings(all, { audit: true }).length, 3);
  });

  it('with the severity that the user gave to their code, and without those that are off', () => {
    const severity = new Map([
      ['lock-no-hash', 'error'],
      ['stale-input', 'off'],
    ] as const);
    assert.deepEqual(
      ruledFindings(all, { severity }).map(({ code, severity: level }) => [code, level]),
      [['lock-no-hash', 'error']],
    );
  });
});

describe('how they are reported', () => {
  it('worst first, then by code, subject and place, whatever the order they came in', () => {
    const lock = (start: number) => ({ place: { file: 'flake.lock', span: { start, end: start + 1 } } as const });
    const all = [
      finding('follows-root', about('a')),
      finding('lock-tampered', { ...about('b'), ...lock(9) }),
      finding('lock-tampered', { ...about('b'), ...lock(3) }),
      finding('lock-tampered', about('a')),
      finding('credentials-in-url', about('z')),
      finding('lock-no-hash', about('a')),
    ];
    const facts = { ...flakeFacts([]), lockText: 'x'.repeat(20) };
    const sorted = reportedFindings(all, facts);
    assert.deepEqual(
      sorted.map(({ code, subject, location }) => [code, subject.id, location?.character]),
      [
        ['credentials-in-url', 'z', undefined],
        ['lock-tampered', 'a', undefined],
        ['lock-tampered', 'b', 3],
        ['lock-tampered', 'b', 9],
        ['lock-no-hash', 'a', undefined],
        ['follows-root', 'a', undefined],
      ],
    );
    assert.deepEqual(reportedFindings([...all].reverse(), facts), sorted);
  });

  it('at lines and UTF-16 columns, without what only an editor needs', () => {
    const place = { file: 'flake.nix', span: { start: 4, end: 8 } } as const;
    const [reported] = reportedFindings(
      [
        finding('insecure-transport', {
          ...about('a'),
          place,
          related: [{ place, message: 'here' }],
          fixes: [{ kind: 'copy', title: 't', text: 'x' }],
          evidence: { url: 'http://a.example' },
        }),
      ],
      { ...flakeFacts([]), flakeNixText: '{\r\n😀http' },
    );
    assert.deepEqual(reported, {
      code: 'insecure-transport',
      severity: 'warning',
      message: 'about a',
      subject: { kind: 'input', id: 'a' },
      location: { file: 'flake.nix', line: 1, character: 1, endLine: 1, endCharacter: 5 },
      help: 'https://github.com/flake-trust/flake-trust/blob/main/docs/checks/insecure-transport.md',
      evidence: { url: 'http://a.example' },
    });
  });
});
