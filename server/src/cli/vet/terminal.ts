/** Questions, on a terminal only: a script is never kept waiting. */
import { createInterface } from 'node:readline/promises';
import type { CliProcess } from '../printReport';

/** Asks for one line; nothing when there is nobody to ask, or the answer is empty. */
export async function ask(
  { io, signal }: { readonly io: CliProcess; readonly signal: AbortSignal },
  question: string,
): Promise<string | undefined> {
  const { stdin, stderr } = io;
  if (stdin === undefined || !stdin.isTTY || !stderr.isTTY) return undefined;
  const lines = createInterface({ input: stdin, output: stderr });
  // While a line is edited the terminal sends Ctrl-C as a character: it means what it means elsewhere.
  lines.once('SIGINT', () => process.emit('SIGINT'));
  try {
    const answer = (await lines.question(question, { signal })).trim();
    return answer === '' ? undefined : answer;
  } finally {
    lines.close();
  }
}
