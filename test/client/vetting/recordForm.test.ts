import assert from 'node:assert/strict';
import type { Answers, Question } from '../../../client/src/multiStep';
import {
  recordOf,
  recordQuestions,
  type RecordFormContext,
  type RecordKind,
  type VettingForm,
} from '../../../client/src/vetting/recordForm';

const NOTHING_KNOWN: VettingForm = {
  kind: 'ok',
  input: 'flake-utils',
  rev: '11707dc2f618dd54ca8739b309ec4fc024de578b',
  narHash: 'sha256-l0KFg5HjrsfsO/JpG+r7fRrqm12kzFHyUHqHCVpMMbI=',
  state: 'other-hash',
  summary: 'The review by Ada Example covers another hash.',
  who: 'Ada Example <ada@example.org>',
  criteria: [
    { name: 'safe-to-evaluate', description: 'Evaluating it does no harm.', asked: false },
    { name: 'safe-to-build', description: 'Building it does no harm.', asked: true },
  ],
  exemptUntil: '2027-02-24',
};
const WITHOUT_BASE: VettingForm = { ...NOTHING_KNOWN, source: 'github.com/numtide/flake-utils' };
const FORM: VettingForm = {
  ...WITHOUT_BASE,
  base: {
    narHash: 'sha256-X56BO0CqRzqWcYvvHbFnrhmjbZ9t0yWJ9wYJ0XmX2sk=',
    rev: 'c1dfcf08411b08f6b8615f7d8971a2bfa81d5e8a',
    words: 'reviewed by Ada Example on 2026-03-01',
  },
};

function context(kind: RecordKind, form: VettingForm = FORM): RecordFormContext {
  const t = (message: string, ...args: (string | number | boolean)[]) =>
    message.replace(/\{(\d)\}/g, (_whole, index: string) => String(args[Number(index)]));
  return { kind, form, now: new Date('2026-11-26T12:00:00Z'), t };
}

function keys(kind: RecordKind, given: Readonly<Record<string, readonly string[]>> = {}, form: VettingForm = FORM): string[] {
  return recordQuestions(context(kind, form), answers(given)).map(({ key }) => key);
}

function answers(given: Readonly<Record<string, readonly string[]>>): Answers {
  return new Map(Object.entries(given));
}

function question(kind: RecordKind, key: string, given: Readonly<Record<string, readonly string[]>> = {}): Question {
  const found = recordQuestions(context(kind), answers(given)).find((one) => one.key === key);
  assert(found !== undefined, key);
  return found;
}

describe('the form of a review', () => {
  it('asks for criteria, what was read, notes, an end and who, in this order', () => {
    assert.deepEqual(keys('audit'), ['criteria', 'extent', 'scope', 'notes', 'until', 'who']);
    assert.deepEqual(keys('audit', {}, WITHOUT_BASE), ['criteria', 'scope', 'notes', 'until', 'who']);
  });

  it('asks for more only where an answer needs it', () => {
    assert.deepEqual(keys('audit', { scope: ['parts'], until: ['other'] }), [
      'criteria', 'extent', 'scope', 'scope-words', 'scope-paths', 'notes', 'until', 'day', 'who',
    ]); // prettier-ignore
  });

  it('starts from what the policy asks, the difference, and git', () => {
    assert.deepEqual(recordOf(context('audit'), answers({})), {
      kind: 'audit',
      who: 'Ada Example <ada@example.org>',
      criteria: ['safe-to-build'],
      delta: true,
    });
  });

  it('says from what the difference is', () => {
    const asked = question('audit', 'extent');
    assert(asked.kind !== 'text');
    assert.deepEqual(
      asked.options.map(({ label, detail }) => [label, detail]),
      [
        ['What changed from c1dfcf0 to 11707dc', 'c1dfcf0: reviewed by Ada Example on 2026-03-01'],
        ['The whole tree', 'as if it had never been reviewed before'],
      ],
    );
  });

  it('makes a record of all that was said', () => {
    const given = {
      criteria: ['safe-to-evaluate', 'safe-to-build'],
      extent: ['full'],
      scope: ['parts'],
      'scope-words': [' lib and hello '],
      'scope-paths': ['lib/**  pkgs/by-name/he/hello/**, flake.nix'],
      notes: ['No fetch.'],
      until: ['other'],
      day: ['2027-03-01'],
      who: ['Bob Example <bob@example.org>'],
    };
    assert.deepEqual(recordOf(context('audit'), answers(given)), {
      kind: 'audit',
      who: 'Bob Example <bob@example.org>',
      criteria: ['safe-to-evaluate', 'safe-to-build'],
      notes: 'No fetch.',
      delta: false,
      scope: 'lib and hello',
      paths: ['lib/**', 'pkgs/by-name/he/hello/**', 'flake.nix'],
      until: '2027-03-01',
    });
  });

  it('leaves out what was said to a question that is no longer asked', () => {
    const given = { scope: ['all'], 'scope-words': ['lib'], 'scope-paths': ['lib/**'], until: ['none'], day: ['2027-03-01'] };
    const record = recordOf(context('audit'), answers(given));
    assert.deepEqual(Object.keys(record).sort(), ['criteria', 'delta', 'kind', 'who']);
  });

  it('proposes a part of what nobody reads whole', () => {
    const nixpkgs = { ...WITHOUT_BASE, source: 'github.com/nixos/nixpkgs' };
    assert(keys('audit', {}, nixpkgs).includes('scope-words'));
    assert(!keys('audit', {}, { ...nixpkgs, source: 'github.com/nixos/nixpkgs-review' }).includes('scope-words'));
  });

  it('ends after the time that was chosen, its last day shown', () => {
    const record = recordOf(context('audit'), answers({ until: ['6-months'] }));
    assert(record.kind === 'audit');
    assert.equal(record.until, '2027-05-26');
    const asked = question('audit', 'until');
    assert(asked.kind !== 'text');
    assert.deepEqual(
      asked.options.map(({ value, description }) => [value, description]),
      [
        ['none', 'it is bound to this hash anyway'],
        ['6-months', 'the last day is 2027-05-26'],
        ['1-year', 'the last day is 2027-11-26'],
        ['other', undefined],
      ],
    );
  });

  it('takes no answer that makes no record', () => {
    const refused: readonly (readonly [string, string])[] = [
      ['scope-words', '  '],
      ['day', '2026-11-25'],
      ['day', 'soon'],
      ['who', ''],
      ['who', 'Ada'],
      ['who', '<ada@example.org>'],
      ['who', 'Ada <ada>'],
      ['notes', 'x'.repeat(16_385)],
    ];
    for (const [key, text] of refused) {
      const asked = question('audit', key, { scope: ['parts'], until: ['other'] });
      assert.equal(typeof asked.problem?.([text]), 'string', `${key}: ${text.slice(0, 20)}`);
    }
    assert.equal(typeof question('audit', 'criteria').problem?.([]), 'string');
    for (const [key, text] of [
      ['who', 'Ada Example <ada@example.org>'],
      ['day', '2026-11-26'],
      ['notes', ''],
    ] as const)
      assert.equal(question('audit', key, { until: ['other'] }).problem?.([text]), undefined, key);
  });
});

describe('the form of an exemption', () => {
  it('asks for no more than criteria, notes, an end and who', () => {
    assert.deepEqual(keys('exemption'), ['criteria', 'notes', 'until', 'who']);
  });

  it('always ends', () => {
    assert.equal((recordOf(context('exemption'), answers({})) as { until: string }).until, '2027-02-24');
    const asked = question('exemption', 'until');
    assert(asked.kind !== 'text' && !asked.options.some(({ value }) => value === 'none'));
  });
});

describe('the form of a denial', () => {
  it('asks what for and why', () => {
    assert.deepEqual(keys('violation'), ['reach', 'criteria', 'notes', 'who']);
    assert.equal(typeof question('violation', 'notes').problem?.(['']), 'string');
    assert.equal(question('violation', 'criteria').problem?.([]), undefined);
  });

  it('is of this tree and every use, unless said otherwise', () => {
    const notes = { notes: ['Sends the environment to a stranger.'] };
    const said = { kind: 'violation', who: 'Ada Example <ada@example.org>', notes: 'Sends the environment to a stranger.' };
    assert.deepEqual(recordOf(context('violation'), answers(notes)), { ...said, criteria: [], everything: false });
    const all = answers({ ...notes, reach: ['source'], criteria: ['safe-to-build'] });
    assert.deepEqual(recordOf(context('violation'), all), { ...said, criteria: ['safe-to-build'], everything: true });
  });

  it('offers the whole source only where it is known', () => {
    assert.deepEqual(keys('violation', {}, NOTHING_KNOWN), ['criteria', 'notes', 'who']);
  });
});
