/** Orders texts by UTF-16 units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Orders lists element by element; a beginning comes before what it begins. */
export function compareTexts(a: readonly string[], b: readonly string[]): number {
  for (const [index, element] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareText(element, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
