/** Version constraints as FlakeHub URLs have them: those of Cargo, where a bare version means "compatible with". */

/**
 * Tells whether a version satisfies a constraint; gives nothing for constraints beyond `*`, `1`, `1.2`, `1.2.3`, `1.*`, `^1.2`
 * and `=1.2.3`, and for versions that are not three numbers: what is not understood is not judged.
 */
export function versionMatches(constraint: string, version: string): boolean | undefined {
  const actual = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})(?=$|[-+])/.exec(version)?.slice(1).map(Number);
  const parsed = /^([=^]?)(\*|\d{1,15}(?:\.\d{1,15}){0,2})((?:\.\*){0,2})$/.exec(constraint.trim());
  if (actual === undefined || parsed === null) return undefined;
  const [, operator, numbersText = '', wildcards = ''] = parsed;
  if (numbersText === '*') return wildcards === '' && operator === '' ? true : undefined;
  const numbers = numbersText.split('.').map(Number);
  const agrees = (count: number): boolean => numbers.slice(0, count).every((number, index) => number === actual[index]);
  if (operator === '=' || wildcards !== '') return agrees(numbers.length);
  // Compatible: equal up to the first number that is not zero, and not older.
  const firstNonZero = numbers.findIndex((number) => number !== 0);
  return agrees(firstNonZero < 0 ? numbers.length : firstNonZero + 1) && !isOlder(actual, numbers);
}

function isOlder(actual: readonly number[], wanted: readonly number[]): boolean {
  for (const [index, number] of wanted.entries()) {
    const other = actual[index] ?? 0;
    if (other !== number) return other < number;
  }
  return false;
}
