/** A copy of `value` without some of its fields. */
export function omit<T extends object, K extends keyof T & string>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const left: readonly string[] = keys;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !left.includes(key))) as Omit<T, K>;
}
