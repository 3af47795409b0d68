import { join } from 'node:path';
import { corpusFolder } from '../support/corpusFolder';
import { describeNarinfoCorpus } from '../support/narinfoCorpus';

describe('narinfos of the corpus', () => {
  describeNarinfoCorpus(join(corpusFolder(), 'narinfos'), 'cache-nixos-org.narinfos');
});
