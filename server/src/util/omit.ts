/** Copies an object without some of its members. */
export function omit<T extends object, K extends keyof T>(object: T, keys: readonly K[]): Omit<T, K> {
  const left: readonly PropertyKey[] = keys;
  // fromEntries, so that a member called `__proto__` is one like any other.
  return Object.fromEntries(Object.entries(object).filter(([key]) => !left.includes(key))) as Omit<T, K>;
}
