/** One code lens above `inputs`: a summary, and what can be done. Its place never changes; only the title is filled in by resolve. */
import type { CodeLens, Command } from 'vscode-languageserver-types';
import { LINKED_COMMANDS } from '../protocol';
import { summarize, summaryText } from './summary';
import { rangeOf, type FlakeView } from './view';

/** Commands of the server itself, for editors without the extension's. */
export const SERVER_COMMANDS = { audit: 'flakeTrust.server.audit', report: 'flakeTrust.server.report' } as const;

/** What a lens keeps for resolve. */
export interface LensData {
  readonly v: 1;
  /** Opaque id of the flake. */
  readonly flake: string;
}

/** Makes the lenses of a flake.nix: they stand side by side on one line. */
export function codeLenses(view: FlakeView, commands: boolean): CodeLens[] {
  const document = view.documents['flake.nix'];
  const { flakeNix } = view.facts;
  const span = flakeNix?.inputsSpan ?? flakeNix?.outputs?.span;
  if (document === undefined || span === undefined || view.facts.inputs.length === 0) return [];
  const range = rangeOf(document, span);
  const flake = view.references.idOf({ kind: 'flake', dir: view.dir });
  return [
    { range, data: { v: 1, flake } satisfies LensData },
    { range, command: auditCommand(flake, 'Audit', commands) },
    {
      range,
      command: { title: 'Report', command: commands ? LINKED_COMMANDS.showReport : SERVER_COMMANDS.report, arguments: [flake] },
    },
  ];
}

/** Fills in the title of the summary. */
export function resolveCodeLens(view: FlakeView, lens: CodeLens, commands: boolean): CodeLens {
  const { flake } = lens.data as LensData;
  return {
    ...lens,
    command: {
      title: summaryText(summarize(view)),
      command: commands ? LINKED_COMMANDS.showReport : SERVER_COMMANDS.report,
      arguments: [flake],
    },
  };
}

/** The command that starts an audit. */
export function auditCommand(flake: string, title: string, commands: boolean): Command {
  return { title, command: commands ? LINKED_COMMANDS.auditFlake : SERVER_COMMANDS.audit, arguments: [flake] };
}
