import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { listElements } from '../../../server/src/domain/vetting/listElements';
import { runSteps } from '../../../server/src/util/steps';

/** As the tree of a library says. */
function byTree(text: string) {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const list = tree === undefined ? undefined : findNodeAtLocation(tree, ['records']);
  if (list?.type !== 'array') return undefined;
  const span = ({ offset, length }: { offset: number; length: number }) => ({ start: offset, end: offset + length });
  return { list: span(list), elements: (list.children ?? []).map(span) };
}

const find = (text: string) => runSteps(listElements(text, 'records'));

describe('the elements of a list', () => {
  it('are those of a tree, whatever stands between them', () => {
    const between = fc.constantFrom('', ' ', '\n', '\r\n  ', ' // ], "records": [\n', ' /* } ] \n, */ ');
    const key = fc.constantFrom('records', 'version', 'other', 'a"b', '{[');
    const value = fc.jsonValue({ maxDepth: 3 });
    const gaps = fc.array(between, { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name }),
        fc.array(value),
        gaps,
        (fields, list, blanks) => {
          let gap = 0;
          const blank = () => blanks[gap++ % blanks.length] ?? '';
          const printed = fields.map(([name, inner]) => {
            const elements =
              name === 'records' ? list.map((one) => `${blank()}${JSON.stringify(one, null, 1)}${blank()},`) : undefined;
            const text = elements === undefined ? JSON.stringify(inner) : `[${elements.join('')}${blank()}]`;
            return `${blank()}${JSON.stringify(name)}${blank()}:${blank()}${text}${blank()},`;
          });
          const text = `${blank()}{${printed.join('')}${blank()}}${blank()}`;
          assert.deepEqual(find(text), byTree(text));
        },
      ),
    );
  });

  it('are found in steps', () => {
    const text = `{ "records": [${'{ "id": "x" },\n'.repeat(50_000)}] }`;
    const steps = listElements(text, 'records');
    let pauses = 0;
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) {
        assert.equal(step.value?.elements.length, 50_000);
        break;
      }
      pauses++;
    }
    assert.ok(pauses > 1, `${pauses}`);
  });

  it('are those of the outermost object alone', () => {
    assert.equal(find('{ "a": { "records": [1] }, "b": ["records", [2]] }'), undefined);
    assert.deepEqual(find('{ "records": 1 }'), undefined);
  });
});
