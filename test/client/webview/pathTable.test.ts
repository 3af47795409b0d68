import assert from 'node:assert/strict';
import { PathTable, SORT_COLUMNS, type Query } from '../../../client/webview/pathTable';
import { Superseded } from '../../../client/webview/slices';
import { KEYS, madeAudit } from '../../support/madeClosureAudit';

const { columns } = madeAudit({ paths: 3000, challenge: true });
const table = new PathTable(columns);
const query = (changes: Partial<Query> = {}): Query => ({
  text: '',
  filters: {},
  sort: { column: 'name', descending: false },
  ...changes,
});
const rows = async (changes: Partial<Query>): Promise<number[]> => [...(await table.select(query(changes)))];
const where = (test: (row: number) => boolean): number[] => columns.names.flatMap((_, row) => (test(row) ? [row] : []));
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

describe('the table of paths', () => {
  it('finds each path by its store path, and none that it does not have', () => {
    columns.names.forEach((name, row) => assert.equal(table.rowOf(`/nix/store/${name}`), row));
    for (const other of ['', '/nix/store/', '/nix/store/zzz', `/other/${columns.names[0]!}`, columns.names[0]!])
      assert.equal(table.rowOf(other), -1);
  });

  it('sorts by every column both ways, and equal rows by name', async () => {
    const name = (row: number): string => columns.names[row]!.slice(33);
    for (const column of SORT_COLUMNS) {
      for (const descending of [false, true]) {
        const order = await rows({ sort: { column, descending } });
        assert.deepEqual(
          sorted(order),
          where(() => true),
          column,
        );
      }
    }
    const bySize = await rows({ sort: { column: 'size', descending: true } });
    for (const [index, row] of bySize.slice(1).entries()) assert(columns.sizes[bySize[index]!]! >= columns.sizes[row]!);
    const byReferrers = await rows({ sort: { column: 'referrers', descending: false } });
    for (const [index, row] of byReferrers.slice(1).entries()) {
      const before = byReferrers[index]!;
      const [a, b] = [columns.referrers[before]!, columns.referrers[row]!];
      assert(a < b || (a === b && name(before) <= name(row)));
    }
    const byVerdict = await rows({ sort: { column: 'verdict', descending: true } });
    assert.equal(table.verdict(byVerdict[0]!), 'hash-mismatch');
    assert.equal(table.verdict(byVerdict.at(-1)!), 'verified');
  });

  it('filters by each kind, alone and together', async () => {
    const is = columns.verdictNames.indexOf('content-addressed');
    assert.deepEqual(
      sorted(await rows({ filters: { verdict: 'content-addressed' } })),
      where((row) => columns.verdicts[row] === is),
    );
    assert.deepEqual(
      sorted(await rows({ filters: { signer: KEYS[1] } })),
      where((row) => table.keyNames(row).includes(KEYS[1])),
    );
    assert.deepEqual(
      sorted(await rows({ filters: { signer: '' } })),
      where((row) => table.keyNames(row).length === 0),
    );
    assert.deepEqual(
      sorted(await rows({ filters: { cache: '' } })),
      where((row) => columns.from[row] === -1),
    );
    assert.deepEqual(
      sorted(await rows({ filters: { cache: columns.cacheUrls[1]!, agreement: 'single' } })),
      where((row) => columns.from[row] === 1 && columns.agreements![row] === 1),
    );
    assert.deepEqual(
      sorted(await rows({ filters: { input: 'devenv/nixpkgs' } })),
      where((row) => columns.inputs[row] === 2),
    );
    assert.deepEqual(
      sorted(await rows({ filters: { built: 'would-build' } })),
      where((row) => columns.built[row] === 2),
    );
    assert.deepEqual(await rows({ filters: { verdict: 'no such verdict' } }), []);
  });

  it('searches all words, in any case, in path, signer, cache, input and verdict', async () => {
    assert.deepEqual(
      sorted(await rows({ text: '  ZLIB ' })),
      where((row) => columns.names[row]!.includes('zlib')),
    );
    assert.deepEqual(
      sorted(await rows({ text: 'zlib corp.example-2' })),
      where((row) => columns.names[row]!.includes('zlib') && table.keyNames(row).includes(KEYS[1])),
    );
    assert.deepEqual(sorted(await rows({ text: `/nix/store/${columns.names[7]!}` })), [7]);
    assert.deepEqual(
      sorted(await rows({ text: 'not checked' })),
      where((row) => table.verdict(row) === 'unknown'),
    );
    assert.deepEqual(await rows({ text: '.*' }), []);
  });

  it('finds a word wherever it is in a name, and never across two names', async () => {
    const names = ['aa-liblib', 'ab-İlib', 'ac-x', 'LIB-ad', 'zz-lib'];
    const few = new PathTable({
      ...madeAudit({ paths: names.length }).columns,
      names,
      keySets: [],
      cacheUrls: [],
      inputPaths: [],
    });
    const found = async (text: string): Promise<number[]> => sorted([...(await few.select(query({ text })))]);
    assert.deepEqual(await found('lib'), [0, 1, 3, 4]);
    assert.deepEqual(await found('ac-x'), [2]);
    assert.deepEqual(await found('xlib'), []);
    assert.deepEqual(await found('libab'), []);
    assert.deepEqual(await found('lib a'), [0, 1, 3]);
    assert.deepEqual(await found('-lib zz'), [4]);
  });

  it('gives up work that newer work made useless', async () => {
    const large = new PathTable(madeAudit({ paths: 60_000 }).columns);
    const controller = new AbortController();
    const work = large.select(query({ sort: { column: 'size', descending: true } }), controller.signal);
    controller.abort();
    await assert.rejects(work, Superseded);
    assert.equal((await large.select(query({ text: 'glibc' }))).length > 0, true);
  });
});
