/**
 * Code lenses: above `inputs` a summary and what can be done, above `outputs` the audit of what comes out. Their places never change; only the
 * title of the summary is filled in by resolve.
 */
import type { CodeLens, Command, Range } from 'vscode-languageserver-types';
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

/** Makes the lenses of a flake.nix; those of one line stand side by side. */
export function codeLenses(view: FlakeView, commands: boolean): CodeLens[] {
  const document = view.documents['flake.nix'];
  const { flakeNix } = view.facts;
  if (document === undefined) return [];
  const flake = view.references.idOf({ kind: 'flake', dir: view.dir });
  const span = flakeNix?.inputsSpan ?? flakeNix?.outputs?.span;
  const outputs = flakeNix?.outputs?.span;
  return [
    ...(span === undefined || view.facts.inputs.length === 0 ? [] : inputLenses(rangeOf(document, span), flake, commands)),
    // Where Nix may run: it evaluates what the lens stands above.
    ...(outputs === undefined || !commands || view.access === 'restricted' || view.access === 'offline'
      ? []
      : [
          {
            range: rangeOf(document, outputs),
            command: { title: 'Audit closure…', command: LINKED_COMMANDS.auditOutputs, arguments: [flake] },
          },
        ]),
  ];
}

function inputLenses(range: Range, flake: string, commands: boolean): CodeLens[] {
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
