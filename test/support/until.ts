/** Waits until something holds; gives up with an error, so that a failing test ends instead of spinning for ever. */
export async function until(holds: () => boolean, timeoutMs = 5000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for ${holds.toString()}`);
    await new Promise(setImmediate);
  }
}
