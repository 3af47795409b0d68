/** What every suite of the packed extension does around its tests: a folder of its own, a window that is closed, a picture of what failed. */
import path from 'node:path';
import manifest from '../../package.json';
import { Workbench, type WorkbenchOptions } from './workbench';

/** The package, as `npm run package` makes it. */
export const VSIX = path.join(__dirname, '..', '..', `flake-trust-${manifest.version}.vsix`);

/** The part of a sandbox that a window is opened with. */
interface Folder extends Pick<WorkbenchOptions, 'workspace' | 'env'> {
  end(): void | Promise<void>;
}

/** A sandbox and a window for the test that runs. */
export class PackedExtension<Sandbox extends Folder> {
  readonly #settings: (sandbox: Sandbox) => NonNullable<WorkbenchOptions['settings']>;
  #sandbox: Sandbox | undefined;
  #workbench: Workbench | undefined;

  /** Makes a sandbox before each test of the suite in which it is called, and clears up after it. */
  constructor(make: () => Promise<Sandbox>, settings: (sandbox: Sandbox) => NonNullable<WorkbenchOptions['settings']>) {
    this.#settings = settings;
    beforeEach(async () => {
      this.#sandbox = await make();
    });
    const end = (failed: string | undefined): Promise<void> => this.#end(failed);
    afterEach(function () {
      return end(this.currentTest?.state === 'failed' ? this.currentTest.title : undefined);
    });
  }

  get sandbox(): Sandbox {
    if (this.#sandbox === undefined) throw new Error('no test runs');
    return this.#sandbox;
  }

  /** Takes another sandbox instead of the one that was made. */
  async exchange(make: () => Promise<Sandbox>): Promise<void> {
    await this.#sandbox?.end();
    this.#sandbox = await make();
  }

  /** Opens the sandbox's workspace; one window a test. */
  async open(options: Partial<WorkbenchOptions> = {}): Promise<Workbench> {
    const { workspace, env } = this.sandbox;
    this.#workbench = await Workbench.open({ vsix: VSIX, workspace, env, settings: this.#settings(this.sandbox), ...options });
    return this.#workbench;
  }

  /** The same with flake.nix in the editor, once the commands are offered. `trust: false` opens it in Restricted Mode. */
  async openFlake(options: Partial<WorkbenchOptions> = {}): Promise<Workbench> {
    const code = await this.open(options);
    if (options.trust === false) await code.button(/No, I don't trust/).click();
    await code.openFile('flake.nix');
    await code.status(/Flake: /);
    return code;
  }

  async #end(failed: string | undefined): Promise<void> {
    if (failed !== undefined) await this.#workbench?.screenshot(`failed-${failed.replace(/\W+/g, '-')}`);
    await this.#workbench?.close();
    this.#workbench = undefined;
    await this.#sandbox?.end();
    this.#sandbox = undefined;
  }
}
