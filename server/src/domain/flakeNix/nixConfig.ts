import type { Span } from '../../util/span';

/** One word of a setting: a list element, or a word of a string. */
export interface NixConfigElement {
  readonly value: string;
  /** With the quotes when the element is a whole string. */
  readonly span: Span;
  /** Without quotes. */
  readonly textSpan: Span;
}

/** One setting of the flake's `nixConfig`. */
export interface NixConfigSetting {
  readonly name: string;
  /** The setting's own name, quotes included. */
  readonly nameSpan: Span;
  readonly elements: readonly NixConfigElement[];
  /** What Nix makes of it, as it appears in trusted-settings.json: list elements joined by one space. Absent when computed. */
  readonly value?: string;
  /** Some of it is an expression; `elements` holds what could be read. */
  readonly computed: boolean;
  /** The value. */
  readonly span: Span;
}
