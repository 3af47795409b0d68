/** Points in time as the vetting files write them: UTC, so that a record does not end earlier in one office than in another. */

const DAY_MS = 86_400_000;

/** Parses `2026-11-25T12:00:00Z`; milliseconds since 1970. Nothing for another spelling, or for a date that no calendar has. */
export function parseInstant(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return undefined;
  const time = Date.parse(text);
  // The engine takes 31 February for 3 March, and hour 24 for the next day.
  return new Date(time).getUTCDate() === Number(text.slice(8, 10)) ? time : undefined;
}

/** Parses an end: a date, which is included, or a time. Gives the first millisecond that is not included. */
export function parseUntil(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseInstant(text);
  const start = parseInstant(`${text}T00:00:00Z`);
  return start === undefined ? undefined : start + DAY_MS;
}

/** Prints to the second, in UTC. */
export function printInstant(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Prints the day, in UTC. */
export function printDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** The day that lies `days` days after a time. */
export function dayAfter(timeMs: number, days: number): string {
  return printDay(timeMs + days * DAY_MS);
}
