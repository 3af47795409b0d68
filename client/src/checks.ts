/** What the extension's manifest says of the diagnostic codes: the one list of them on this side of the protocol. */

export interface Check {
  readonly code: string;
  /** A few words on what it is about. */
  readonly title: string;
  /** Its level where the user sets none. */
  readonly severity: string;
}

/** Reads the codes from the schema of the setting `flakeTrust.diagnostics.severity`. */
export function checksOf(manifest: unknown): readonly Check[] {
  const groups = at(at(manifest, 'contributes'), 'configuration');
  for (const group of Array.isArray(groups) ? groups : [groups]) {
    const codes = at(at(at(group, 'properties'), 'flakeTrust.diagnostics.severity'), 'properties');
    if (typeof codes !== 'object' || codes === null) continue;
    return Object.entries(codes).map(([code, schema]) => ({
      code,
      title: String(at(schema, 'description')),
      severity: String(at(schema, 'default')),
    }));
  }
  return [];
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
