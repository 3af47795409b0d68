/** The official schemas of the formats that we print: SARIF 2.1.0 (test/fixtures/sarif), CycloneDX 1.6 (from its own library). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import Ajv04 from 'ajv-draft-04';
import addFormats from 'ajv-formats';

const root = path.join(__dirname, '../..');
const read = (file: string): object => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as object;

let sarif: ValidateFunction | undefined;
let cyclonedx: ValidateFunction | undefined;

/** What is wrong with a SARIF log. */
export function sarifErrors(log: unknown): string[] {
  if (sarif === undefined) {
    const ajv = new Ajv04({ allErrors: true, strict: false, unicodeRegExp: false }); // it has patterns that only the old syntax allows
    addFormats(ajv);
    sarif = ajv.compile(read('test/fixtures/sarif/sarif-schema-2.1.0.json'));
  }
  return errorsOf(sarif, log);
}

/** What is wrong with a CycloneDX bill of materials. */
export function cyclonedxErrors(bill: unknown): string[] {
  if (cyclonedx === undefined) {
    const ajv = new Ajv({ allErrors: true, strict: false });
    addFormats(ajv);
    ajv.addFormat('iri-reference', (text: string) => URL.canParse(text, 'https://base.example/') && !/\s/.test(text));
    ajv.addFormat('idn-email', true);
    const folder = 'node_modules/@cyclonedx/cyclonedx-library/res/schema';
    for (const other of ['spdx', 'jsf-0.82'])
      ajv.addSchema(read(`${folder}/${other}.SNAPSHOT.schema.json`), `http://cyclonedx.org/schema/${other}.SNAPSHOT.schema.json`);
    cyclonedx = ajv.compile(read(`${folder}/bom-1.6.SNAPSHOT.schema.json`));
  }
  return errorsOf(cyclonedx, bill);
}

function errorsOf(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}
