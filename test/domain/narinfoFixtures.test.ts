import { join } from 'node:path';
import { describeNarinfoCorpus } from '../support/narinfoCorpus';

describe('narinfo fixtures', () => {
  describeNarinfoCorpus(join(__dirname, '../fixtures/narinfo'), 'real.narinfos');
});
