import path from 'node:path';
import { documentFetch } from '../../adapters/vetting/fetchDocument';
import { importEntries, printImportsLock, type ImportEntry } from '../../domain/vetting/importsLock';
import { isCriterionName } from '../../domain/vetting/criteria';
import { addImport as addToPolicy, type EditedText } from '../../domain/vetting/edit';
import { importName } from '../../domain/vetting/importName';
import { importedRecords } from '../../domain/vetting/importMap';
import { VETTING_FILES, type ImportRule } from '../../domain/vetting/types';
import { personWords } from '../../domain/vetting/vetFlake';
import { describePublicKeyError, parsePublicKey } from '../../domain/publicKey';
import { importChange, MAX_IMPORT_BYTES, readImport, type ImportedDocument } from '../../engine/vetting/importRecords';
import { plainText } from '../../util/plainText';
import { VERSION } from '../../version';
import { EXIT } from '../exit';
import { needPolicy, rewrite, VetError, type VetContext } from './context';

type Fetched = ImportedDocument | { readonly kind: 'unreachable'; readonly reason: string };

/** `vet import`: locks other organisations' records. What was locked stays as it is until `--refresh` is given. */
export async function vetImport(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, vetting, print } = context;
  const policy = vetting.files.policy;
  const known = policy?.imports ?? [];
  const given = command.operands[0];
  const named = given === undefined ? undefined : known.find(({ name, from }) => name === given || from === given);
  if (given !== undefined && named === undefined) return addImport(context, given);
  const rules = named === undefined ? known : [named];
  if (rules.length === 0) {
    print('The policy imports nothing: `flake-trust vet import URL` adds an import.');
    return EXIT.ok;
  }
  let worst: number = EXIT.ok;
  for (const rule of rules) worst = Math.max(worst, await lockImport(context, rule, await fetchImport(context, rule.from)));
  return worst;
}

/** Fetches and reads what an address names: `https:`, or a path relative to flake.nix. */
export async function fetchImport({ command, runtime, dir, signal, now, log }: VetContext, from: string): Promise<Fetched> {
  if (!/^https?:/i.test(from)) {
    const read = await runtime.files.read(path.resolve(dir, from), MAX_IMPORT_BYTES, signal);
    if (read.kind === 'read') return readImport(read.text, from, now);
    if (read.kind === 'absent') return { kind: 'unreachable', reason: 'there is no such file' };
    return read.unfit === true ? { kind: 'refused', reason: read.reason } : { kind: 'unreachable', reason: read.reason };
  }
  const { DirectTransport } = await import('../../adapters/directTransport');
  const transport = new DirectTransport({
    environment: runtime.environment,
    files: runtime.files,
    log,
    editorProxy: {},
    ...(command.sslCertFile === undefined ? {} : { certificateFile: command.sslCertFile }),
  });
  try {
    const fetch = documentFetch(transport, { timeoutMs: command.timeoutMs, userAgent: `flake-trust/${VERSION}` });
    const document = await fetch(from, MAX_IMPORT_BYTES, signal);
    if (document.kind === 'fetched') return readImport(document.text, from, now);
    return document.refused === true
      ? { kind: 'refused', reason: document.reason }
      : { kind: 'unreachable', reason: document.reason };
  } finally {
    await transport.close();
  }
}

/** Writes a new import to the policy, and its copy to the lock: the copy first, since a policy without it would be incomplete. */
async function addImport(context: VetContext, from: string): Promise<number> {
  const { command, vetting } = context;
  const name = command.name ?? importName(from);
  if (name === undefined || !isCriterionName(name))
    throw new VetError('--name is needed: small letters, digits and hyphens, for example acme');
  if (vetting.files.policy?.imports.some((rule) => rule.name === name))
    throw new VetError(`the policy has an import "${name}" already: --name gives this one another`);
  const criteria = new Map<string, string[]>();
  for (const text of command.map) {
    const [theirs = '', ours = ''] = text.split('=');
    if (!isCriterionName(theirs) || vetting.judge?.criteria.has(ours) !== true)
      throw new VetError(`--map: "${plainText(text, 80)}" is not THEIRS=OURS with a criterion of this policy`);
    criteria.set(theirs, [...(criteria.get(theirs) ?? []), ours]);
  }
  const keys = command.keys.map((text) => {
    const key = parsePublicKey(text);
    if (!key.ok) throw new VetError(`--key: the key ${describePublicKeyError(key.error)}`);
    return key.value;
  });
  const rule: ImportRule = { name, from, criteria, exclude: command.exclude, keys };
  const fetched = await fetchImport(context, from);
  if (fetched.kind !== 'read')
    throw new VetError(`${plainText(from, 200)}: ${plainText(fetched.reason, 300)}; nothing was changed`);
  const code = await lockImport(context, rule, fetched);
  if (code !== EXIT.ok) return code;
  const value = {
    from,
    ...(criteria.size === 0 ? {} : { criteria: Object.fromEntries(criteria) }),
    ...(rule.exclude.length === 0 ? {} : { exclude: rule.exclude }),
    ...(keys.length === 0 ? {} : { keys: keys.map(({ text }) => text) }),
  };
  await rewrite(context, VETTING_FILES.policy, (text = '') => addToPolicy(text, name, value));
  context.print(`Written to ${VETTING_FILES.policy} as "${name}".`);
  return EXIT.ok;
}

/** Compares with what is locked, and writes it where there is nothing yet, or where the user asked for what is new. */
async function lockImport(context: VetContext, rule: ImportRule, fetched: Fetched): Promise<number> {
  const { command, vetting, log, print } = context;
  const { name, from } = rule;
  const locked = vetting.files.imports.get(name);
  const usable = locked?.from === from ? locked : undefined;
  if (fetched.kind !== 'read') {
    const why = `import "${name}": ${plainText(fetched.reason, 300)}`;
    if (usable !== undefined && fetched.kind === 'unreachable') {
      log.warn(`${why}; the locked copy stays in use`);
      return EXIT.ok;
    }
    log.error(`${why}; ${usable === undefined ? 'nothing of it counts' : 'refused, the locked copy stays in use'}`);
    return EXIT.failed;
  }
  if (usable?.digest === fetched.entry.digest) {
    print(`${name}: as locked, ${count(usable.records.length)}.`);
    return EXIT.ok;
  }
  const change = importChange(usable?.records ?? [], fetched.records);
  if (usable !== undefined) {
    print(
      `${name}: ${count(change.added.length)} added, ${change.removed.length} gone since ${new Date(usable.fetchedAt).toISOString().slice(0, 10)}`,
    );
    for (const [sign, records] of [
      ['+', change.added],
      ['-', change.removed],
    ] as const) {
      for (const record of records.slice(0, MAX_SHOWN)) {
        print(
          `  ${sign} ${record.id.slice(0, 12)}  ${record.kind} of ${plainText(record.source ?? record.narHash ?? record.revokes ?? '', 60)} by ${personWords(record)}`,
        );
      }
      if (records.length > MAX_SHOWN) print(`  ${sign} and ${records.length - MAX_SHOWN} more`);
    }
    if (!command.refresh) {
      log.error(
        `import "${name}" is not what is locked (${fetched.entry.digest}); the locked copy stays in use until \`flake-trust vet import ${name} --refresh\``,
      );
      return EXIT.failed;
    }
  }
  await rewrite(context, VETTING_FILES.imports, (text) => withEntry(text, name, fetched.entry));
  const counting = importedRecords(fetched.records, rule).length;
  print(`${name}: locked in ${VETTING_FILES.imports}, ${count(fetched.records.length)}, of which ${counting} count here.`);
  return EXIT.ok;
}

const MAX_SHOWN = 50;

function count(records: number): string {
  return records === 1 ? '1 record' : `${records} records`;
}

function withEntry(text: string | undefined, name: string, entry: ImportEntry): EditedText {
  const entries = text === undefined ? new Map<string, ImportEntry>() : importEntries(text);
  if (entries === undefined)
    return { kind: 'refused', problem: { message: 'cannot be read: take it away, and import anew', span: { start: 0, end: 0 } } };
  return { kind: 'edited', text: printImportsLock(new Map([...entries, [name, entry]])) };
}
