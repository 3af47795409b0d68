/** package.json says the same as the code: settings, commands, checks, texts. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SETTING_RULES } from '../client/src/combineSettings';
import manifest from '../package.json';
import texts from '../package.nls.json';
import { FINDING_CODES } from '../server/src/domain/finding';
import { LINKED_COMMANDS } from '../server/src/protocol';
import { SETTINGS } from '../server/src/settings';

interface Schema {
  readonly scope: string;
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly default: string; readonly description: string }>>;
}

const root = path.join(__dirname, '..');
const contributed = new Map<string, Schema>(
  manifest.contributes.configuration.flatMap(({ properties }) => Object.entries(properties)) as [string, Schema][],
);
const commands = manifest.contributes.commands.map(({ command }) => command);

/** The English text behind a `%key%`. */
function english(reference: string): string | undefined {
  return (texts as Readonly<Record<string, string>>)[reference.replaceAll('%', '')];
}

describe('package.json', () => {
  it('contributes the settings that the server reads', () => {
    assert.deepEqual(
      [...contributed.keys()].sort(),
      Object.keys(SETTINGS)
        .map((name) => `flakeTrust.${name}`)
        .sort(),
    );
  });

  for (const [name, { fallback, ...rest }] of Object.entries(SETTINGS)) {
    it(`gives the default and the choices of ${name}`, () => {
      const schema = contributed.get(`flakeTrust.${name}`);
      assert.deepEqual(schema?.default, fallback);
      assert.deepEqual(schema?.enum, 'choices' in rest ? rest.choices : undefined);
    });
  }

  it("has a rule of combination for every setting but the library's own", () => {
    assert.deepEqual([...Object.keys(SETTING_RULES), 'trace.server'].sort(), Object.keys(SETTINGS).sort());
  });

  it('keeps in the user\'s hands what is: such a setting has the scope "machine"', () => {
    for (const [name, { kind }] of Object.entries(SETTING_RULES)) {
      assert.equal(contributed.get(`flakeTrust.${name}`)?.scope === 'machine', kind === 'user', name);
    }
  });

  it('restricts, without trust, what a workspace could make weaker', () => {
    const weakening = Object.entries(SETTING_RULES).filter(([, { kind }]) =>
      ['when-trusted', 'raise', 'add', 'stricter'].includes(kind),
    );
    const restricted: readonly string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    assert.deepEqual([...restricted].sort(), weakening.map(([name]) => `flakeTrust.${name}`).sort());
  });

  it('lists every check with its level and title, and ships a page about it', () => {
    const codes = contributed.get('flakeTrust.diagnostics.severity')?.properties ?? {};
    const found = Object.entries(codes).map(([code, schema]) => [code, schema.default, english(schema.description)]);
    assert.deepEqual(
      found,
      Object.entries(FINDING_CODES).map(([code, { severity, title }]) => [code, severity, title]),
    );
    for (const code of Object.keys(codes)) assert(existsSync(path.join(root, 'docs', 'checks', `${code}.md`)), code);
  });

  it('contributes the commands that the server links to', () => {
    for (const command of Object.values(LINKED_COMMANDS)) {
      if (command.startsWith('flakeTrust.')) assert(commands.includes(command), command);
    }
  });

  it('has a text for every %key%, and no others', () => {
    const used = [...JSON.stringify(manifest).matchAll(/"%([^"%]+)%"/g)].map(([, key]) => key);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(texts).sort());
  });

  it('names files that exist', () => {
    const grammars = 'grammars' in manifest.contributes ? (manifest.contributes.grammars as readonly { path: string }[]) : [];
    for (const file of [manifest.icon, ...grammars.map((grammar) => grammar.path)])
      assert(existsSync(path.join(root, file)), file);
  });

  it('is what the README says: every setting is in its table, every command of the palette is named', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `(flakeTrust\.[\w.]+)`/gm)].map(([, name]) => name);
    assert.deepEqual(rows.sort(), [...contributed.keys()].sort());
    const hidden = manifest.contributes.menus.commandPalette.filter(({ when }) => when === 'false').map(({ command }) => command);
    const titles = manifest.contributes.commands
      .filter(({ command }) => !hidden.includes(command))
      .map(({ title }) => english(title) ?? title);
    const prose = readme.replace(/\s+/g, ' ');
    assert.deepEqual(
      titles.filter((title) => !prose.includes(`_${title}_`)),
      [],
    );
  });
});
