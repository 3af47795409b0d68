import { finding, type Finding } from '../finding';
import { FIRST_PLAUSIBLE_SEC } from '../plausibleDate';
import { inputPlace, inputSubject, message, quoted, type CheckedFlake } from './checkedFlake';

const DAY_MS = 86_400_000;

/** Inputs of the root whose locked source is older than the user's limit. The date is what the lock claims. */
export function staleInput({ nodes, options }: CheckedFlake): readonly Finding[] {
  const { maxAgeDays, now } = options;
  if (maxAgeDays === undefined) return [];
  return nodes.flatMap((input) => {
    const { lastModified } = input;
    if (input.path.length !== 1 || lastModified === undefined || lastModified < FIRST_PLAUSIBLE_SEC) return [];
    const days = Math.floor((now - lastModified * 1000) / DAY_MS);
    if (days <= maxAgeDays) return [];
    const [name = ''] = input.path;
    const command = `nix flake update ${/^[a-zA-Z][\w-]*$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`}`;
    return [
      finding('stale-input', {
        message: message(`Input ${quoted(input.path)}: the locked source is ${days} days old; your limit is ${maxAgeDays}`),
        subject: inputSubject(input.path),
        ...inputPlace(input),
        evidence: { lastModified, days, maxAgeDays },
        // A name with control characters must not reach a terminal.
        ...(/\p{Cc}/u.test(name) ? {} : { fixes: [{ kind: 'copy', title: 'Copy the command that updates it', text: command }] }),
      }),
    ];
  });
}
