/** A flake with one input from a git repository, both made by the test, and the installed Nix to lock it with. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeRealNix } from './realNix';

export interface VettingSandbox {
  /** To be opened in VS Code: flake.nix with the input `lib`, and flake.lock. */
  readonly workspace: string;
  /** The repository of `lib`. */
  readonly clone: string;
  /** Environment of VS Code, in which git's user is Ada Example, if anybody. */
  readonly env: Readonly<Record<string, string>>;
  /** Commits another text of `lib.nix`, and locks that. */
  update(text: string, subject: string): Promise<void>;
  end(): Promise<void>;
}

/** `anonymous`: git knows nobody. */
export async function makeVettingSandbox({ anonymous = false } = {}): Promise<VettingSandbox> {
  const nix = await makeRealNix();
  const clone = await nix.makeFlake('lib', {
    'flake.nix': '{ outputs = _: { lib = import ./lib.nix; }; }\n',
    'lib.nix': '{\n  greet = name: "Hello, ${name}";\n}\n',
  });
  const workspace = await nix.makeFlake(
    'app',
    {
      'flake.nix': `{
  description = "An app whose inputs are reviewed";

  inputs = {
    lib.url = "git+file://${clone}";
  };

  outputs = { self, lib }: {
    greeting = lib.lib.greet "you";
  };
}
`,
    },
    { git: false },
  );
  await nix.succeed(['flake', 'lock'], { cwd: workspace });
  const home = path.join(nix.dir, 'editor-home');
  await mkdir(home);
  return {
    workspace,
    clone,
    env: {
      ...Object.fromEntries(
        Object.entries(nix.env).filter(
          (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('GIT_AUTHOR_'),
        ),
      ),
      HOME: home,
      ...(anonymous ? {} : { GIT_AUTHOR_NAME: 'Ada Example', GIT_AUTHOR_EMAIL: 'ada@example.org' }),
    },
    async update(text, subject) {
      await writeFile(path.join(clone, 'lib.nix'), text);
      await nix.succeed(['commit', '-q', '-a', '-m', subject], { cwd: clone, program: 'git' });
      await nix.succeed(['flake', 'lock', '--update-input', 'lib'], { cwd: workspace });
    },
    end: () => nix.dispose(),
  };
}
