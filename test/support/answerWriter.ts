/** A process of its own that writes answers: `DIRECTORY NAME COUNT`. With `endless` it goes on until it is killed. */
import { DiskAnswerStore } from '../../server/src/adapters/diskAnswerStore';
import { fakeLog } from './fakeLog';
import { nthHash } from './nthHash';

const [directory = '', name = '', count = ''] = process.argv.slice(2);
const store = new DiskAnswerStore({ directory, log: fakeLog(), ...(name === 'small' && { maxBytes: 40_000 }) });
const endless = count === 'endless';

async function write(): Promise<void> {
  for (let i = 0; endless || i < Number(count); i++) {
    store.putNarinfo('https://shared.test', nthHash(i, name), { kind: 'found', text: `${name} ${i} ${'x'.repeat(i % 700)}` }, i);
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await store.close();
}

void write();
