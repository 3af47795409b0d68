/** Days as records write them, `YYYY-MM-DD`, in UTC. */

/** The day that lies `months` months after a time; the last of its month where that has no such day. */
export function dayAfterMonths(now: Date, months: number): string {
  const day = new Date(now);
  day.setUTCDate(1);
  day.setUTCMonth(day.getUTCMonth() + months);
  const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
  day.setUTCDate(Math.min(now.getUTCDate(), last));
  return printDay(day);
}

/** What a text is: a day that is still to come (today counts), one that is over, or no day. */
export function judgeDay(text: string, now: Date): 'ok' | 'over' | 'no-day' {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return 'no-day';
  const day = new Date(`${text}T00:00:00Z`);
  // The engine takes 31 February for 3 March.
  if (Number.isNaN(day.getTime()) || printDay(day) !== text) return 'no-day';
  return text < printDay(now) ? 'over' : 'ok';
}

function printDay(day: Date): string {
  return day.toISOString().slice(0, 10);
}
