import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv/dist/2020';

const text = readFileSync(path.join(__dirname, '../../docs/schema/report.schema.json'), 'utf8');

let validators: ValidateFunction[] | undefined;

/**
 * Checks a report under the published schema, and refuses what the schema does not name: the published one lets later versions add fields,
 * this one must name all that there are now. Returns what is wrong.
 */
export function schemaErrors(report: unknown): string[] {
  const errors: string[] = [];
  validators ??= [JSON.parse(text) as object, closed(JSON.parse(text)) as object].map((schema) =>
    new Ajv({ strict: true, strictRequired: false, allErrors: true }).compile(schema),
  );
  for (const validate of validators) {
    if (!validate(report))
      errors.push(...(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`));
  }
  return errors;
}

/** Adds `additionalProperties: false` wherever properties are listed, conditions apart. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === 'if' ? value : closed(value)] as const),
  );
  return 'properties' in copy && copy['type'] === 'object' ? { ...copy, additionalProperties: false } : copy;
}
