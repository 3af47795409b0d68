/** Text that came out of a flake or a cache, made fit for VS Code's lists and messages. */

// Control characters, and the marks that reorder or hide what stands beside them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Makes foreign text harmless in a title or on the clipboard: one line, nothing unseen, at most `maxLength` characters. */
export function plain(text: string, maxLength = 200): string {
  const visible = text.replace(UNSEEN, '');
  return visible.length > maxLength ? `${visible.slice(0, maxLength - 1)}…` : visible;
}

/** As {@link plain}, for places where VS Code would turn `$(name)` into an icon. */
export function plainLabel(text: string, maxLength?: number): string {
  return plain(text, maxLength).replaceAll('$(', '\\$(');
}

/**
 * As {@link plain}, for messages and prompts: there VS Code would turn `[words](command:…)` into a link, and a click on it would run the
 * command that a repository chose.
 */
export function plainMessage(text: string, maxLength?: number): string {
  return plain(text, maxLength).replaceAll('](', '] (');
}
