/** The packages of inputs, remembered as one JSON file for each input; read back as carefully as anything from outside. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { parseStorePath } from '../domain/storePath';
import type { BinariesStore, PackageOutput, StoredPackages } from '../engine/ports';
import { compareText } from '../util/compare';
import { nodeFiles } from './nodeFiles';
import { makePrivateFolder, privateFolderState } from './privateFolder';
import { writeFileAtomically } from './writeFileAtomically';

/** Changes with the format; older folders are left to {@link BinariesStore.clear}. */
const FOLDER = 'binaries-1';

/** A thousand outputs are 150 KiB. */
const MAX_BYTES = 8 * 1024 * 1024;
/** More inputs than that were never audited by one person; beyond that some are forgotten. */
const MAX_FILES = 1000;

const text = (maxLength: number) => z.string().check(z.maxLength(maxLength));
const OUTPUT = z.object({ attribute: text(300), output: text(300), path: text(300), position: z.optional(text(1000)) });
const PACKAGES = z.object({
  system: z.string().check(z.regex(/^[\w-]{3,60}$/)),
  sampled: z.boolean(),
  outputs: z.array(OUTPUT).check(z.maxLength(20_000)),
  failed: z.array(text(300)).check(z.maxLength(20_000)),
  at: z.int().check(z.nonnegative()),
});
const FILE = z.array(PACKAGES).check(z.maxLength(20));

export class FileBinariesStore implements BinariesStore {
  readonly #folder: string;

  /** @param directory The tool's own folder, for example `$XDG_CACHE_HOME/flake-trust`; need not exist. */
  constructor(directory: string) {
    this.#folder = path.join(directory, FOLDER);
  }

  async get(key: string): Promise<readonly StoredPackages[]> {
    const file = this.#file(key);
    // What others can write is not believed: it could make a stranger's paths pass for those of an input.
    if (file === undefined || (await privateFolderState(this.#folder)) !== 'usable') return [];
    const read = await nodeFiles.read(file, MAX_BYTES, new AbortController().signal);
    if (read.kind !== 'read') return [];
    const parsed = FILE.safeParse(jsonOf(read.text));
    return parsed.success ? parsed.data.map(storedPackages).sort((a, b) => compareText(a.system, b.system)) : [];
  }

  async put(key: string, packages: StoredPackages): Promise<void> {
    const file = this.#file(key);
    if (file === undefined || (await makePrivateFolder(this.#folder)) !== 'usable') return;
    const others = (await this.get(key)).filter(({ system }) => system !== packages.system);
    try {
      await writeFileAtomically(file, `${JSON.stringify([...others, packages])}\n`);
      await this.#bound();
    } catch {
      // A full disk: it is asked again next time.
    }
  }

  async clear(): Promise<void> {
    if ((await privateFolderState(this.#folder)) === 'usable') await rm(this.#folder, { recursive: true, force: true });
  }

  #file(key: string): string | undefined {
    return /^[0-9a-f]{64}$/.test(key) ? path.join(this.#folder, `${key}.json`) : undefined;
  }

  async #bound(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'));
    // By name, which is a digest and so as good as by chance.
    for (const name of names.sort(compareText).slice(MAX_FILES)) await rm(path.join(this.#folder, name), { force: true });
  }
}

function storedPackages({ outputs, ...rest }: z.infer<typeof PACKAGES>): StoredPackages {
  const parsed: PackageOutput[] = [];
  for (const { attribute, output, path: text, position } of outputs) {
    const storePath = parseStorePath(text);
    if (storePath.ok) parsed.push({ attribute, output, path: storePath.value, ...(position === undefined ? {} : { position }) });
  }
  return { ...rest, outputs: parsed };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
