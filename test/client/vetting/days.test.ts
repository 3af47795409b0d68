import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dayAfterMonths, judgeDay } from '../../../client/src/vetting/days';

describe('days of records', () => {
  const now = new Date('2026-11-26T23:30:00Z');

  it('lie whole months ahead, at the end of a month that is shorter', () => {
    assert.equal(dayAfterMonths(now, 6), '2027-05-26');
    assert.equal(dayAfterMonths(now, 12), '2027-11-26');
    assert.equal(dayAfterMonths(new Date('2026-08-31T00:00:00Z'), 6), '2027-02-28');
    assert.equal(dayAfterMonths(new Date('2028-02-29T12:00:00Z'), 12), '2029-02-28');
  });

  it('are to come, or over, or none', () => {
    assert.equal(judgeDay('2026-11-26', now), 'ok');
    assert.equal(judgeDay('2026-11-25', now), 'over');
    for (const text of [
      '',
      'tomorrow',
      '2027-02-31',
      '2027-2-1',
      '26.11.2027',
      '2027-01-01T00:00:00Z',
      '20270-01-01',
      '2027-00-10',
    ])
      assert.equal(judgeDay(text, now), 'no-day', text);
  });

  it('that the presets give can always be taken', () => {
    const times = fc.date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(times, fc.constantFrom(6, 12), (time, months) => {
        assert.equal(judgeDay(dayAfterMonths(time, months), time), 'ok');
      }),
    );
  });
});
