import assert from 'node:assert/strict';
import { AnswerMemory, FAILURE_LIFETIME_MS, type Asked, type Question } from '../../server/src/engine/answerMemory';
import { clockAt } from '../support/fakeClock';
import { NEVER } from '../support/engineBench';

interface Script extends Question<string> {
  asked: number;
  recalled: number;
  readonly kept: number[];
}

function question(key: string, answer: string | { failure: string }, stored?: { value: string; at: number }): Script {
  const script: Script = {
    key,
    asked: 0,
    recalled: 0,
    kept: [],
    recall: () => {
      script.recalled += 1;
      return Promise.resolve(stored);
    },
    ask: (): Promise<Asked<string>> => {
      script.asked += 1;
      return Promise.resolve(
        typeof answer === 'string'
          ? { good: answer, keep: (at) => void script.kept.push(at) }
          : { failure: { kind: 'unreachable', reason: answer.failure } },
      );
    },
    lifetimeMs: () => 1000,
  };
  return script;
}

describe('AnswerMemory', () => {
  it('asks the disk once, then its own memory', async () => {
    const memory = new AnswerMemory<string>(clockAt(5000));
    const stored = question('k', 'new', { value: 'old', at: 4500 });
    assert.deepEqual(await memory.known(stored), { good: { value: 'old', at: 4500 } });
    assert.deepEqual(await memory.known(stored), { good: { value: 'old', at: 4500 } });
    assert.equal(stored.recalled, 1);
    assert.equal(memory.mustAsk(stored, await memory.known(stored)), false);
  });

  it('must ask when nothing is known, or it is as old as its lifetime', async () => {
    const clock = clockAt(5000);
    const memory = new AnswerMemory<string>(clock);
    const script = question('k', 'new');
    assert.equal(memory.mustAsk(script, {}), true);
    const known = await memory.ask(script, NEVER);
    assert.deepEqual(script.kept, [5000]);
    clock.advance(999);
    assert.equal(memory.mustAsk(script, known), false);
    clock.advance(1);
    assert.equal(memory.mustAsk(script, known), true);
  });

  it('keeps the good answer beside a later failure, and forgets the failure first', async () => {
    const clock = clockAt(0);
    const memory = new AnswerMemory<string>(clock);
    await memory.ask(question('k', 'good'), NEVER);
    clock.advance(2000);
    const failing = question('k', { failure: 'down' });
    const failed = await memory.ask(failing, NEVER);
    assert.equal(failed.good?.value, 'good');
    assert.equal(failed.failure?.value.reason, 'down');
    assert.equal(memory.mustAsk(failing, await memory.known(failing)), false);
    clock.advance(FAILURE_LIFETIME_MS);
    assert.deepEqual(await memory.known(failing), { good: { value: 'good', at: 0 } });
    assert.equal(memory.mustAsk(failing, await memory.known(failing)), true);
    assert.deepEqual(failing.kept, []);
  });

  it('holds ten thousand answers, and lets the oldest go first', async () => {
    const memory = new AnswerMemory<string>(clockAt(0));
    const first = question('first', 'x');
    await memory.ask(first, NEVER);
    for (let index = 0; index < 9_999; index++) await memory.ask(question(`k${index}`, 'x'), NEVER);
    assert.equal((await memory.known(first)).good?.value, 'x');
    await memory.ask(question('last', 'x'), NEVER);
    assert.deepEqual(await memory.known(first), {});
    assert.equal((await memory.known(question('last', 'y'))).good?.value, 'x');
  });
});
