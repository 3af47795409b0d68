/** How long VS Code took to activate the extension. */

export const EXTENSION = 'flake-trust.flake-trust';

/** Milliseconds that VS Code spent on loading our code and on `activate`, by its own marks. */
export function activationMs(): number {
  const { MonacoPerformanceMarks: marks } = globalThis as {
    MonacoPerformanceMarks?: { getMarks(): { name: string; startTime: number }[] };
  };
  const at = (name: string) =>
    marks?.getMarks().find((mark) => mark.name === `code/extHost/${name}/${EXTENSION}`)?.startTime ?? NaN;
  const loading = at('didLoadExtensionCode') - at('willLoadExtensionCode');
  return loading + at('didActivateExtension') - at('willActivateExtension');
}
