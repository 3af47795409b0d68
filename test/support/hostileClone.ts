import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a repository with a commit for each text of its file, which tries what it can to have its own programs run: that would leave a file `ran`
 * there. Gives the commits.
 */
export function makeHostileClone(dir: string, texts = ['one\n', 'two\nthree\n', 'four\n']): string[] {
  mkdirSync(dir);
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      ['-C', dir, '-c', 'user.name=Bob', '-c', 'user.email=bob@example.org', '-c', 'init.defaultBranch=main', ...args],
      { encoding: 'utf8' },
    ).trim();
  git('init', '-q');
  const revs = texts.map((text, n) => {
    writeFileSync(path.join(dir, 'file.txt'), text);
    git('add', '.');
    git(
      'commit',
      '-q',
      '-m',
      n === 1
        ? 'A second commit \u001b[31mred ](command:workbench.action.quit) <img src=https://tracker.example>'
        : `Commit ${n}`,
    );
    return git('rev-parse', 'HEAD');
  });
  const mark = path.join(dir, 'ran');
  for (const [name, value] of [
    ['core.fsmonitor', `touch ${mark}`],
    ['core.pager', `touch ${mark}`],
    ['diff.external', `touch ${mark}`],
    ['diff.bad.textconv', `touch ${mark}`],
    ['diff.bad.command', `touch ${mark}`],
    ['diff.noprefix', 'true'],
    ['color.ui', 'always'],
  ] as const) {
    git('config', name, value);
  }
  writeFileSync(path.join(dir, '.git', 'info', 'attributes'), '* diff=bad\n');
  return revs;
}
