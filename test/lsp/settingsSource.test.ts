import assert from 'node:assert/strict';
import type { Connection } from 'vscode-languageserver';
import type { Logger } from '../../server/src/engine/ports';
import { SettingsSource } from '../../server/src/lsp/settingsSource';

const URI = 'file:///flake/flake.nix';

/** An editor that answers with `answers` in turn; an `Error` is a refusal. */
function source(...answers: (readonly unknown[] | Error)[]) {
  const warnings: string[] = [];
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: () => undefined,
  };
  const getConfiguration = (): Promise<unknown> => {
    const answer = answers.shift() ?? new Error('nothing left');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const connection = { workspace: { getConfiguration } } as unknown as Connection;
  return { settings: new SettingsSource(connection, log, true, undefined), warnings };
}

describe('settings asked of the editor', () => {
  const modeOf = async (settings: SettingsSource) => (await settings.of(URI)).settings['network.mode'];

  it('asks no cache while the editor does not say what the user wants, and says so', async () => {
    const { settings, warnings } = source(new Error('busy'));
    assert.equal(await modeOf(settings), 'offline');
    assert.match(warnings.join(), /gave no settings \(busy\)/);
  });

  it('goes by what it said before when it fails later, and by its news again after that', async () => {
    const mode = (value: string) => [{ 'network.mode': value }, null];
    const { settings } = source(mode('manual'), new Error('busy'), mode('auto'));
    const modes: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      modes.push(await modeOf(settings));
      settings.changed(undefined);
    }
    assert.deepEqual(modes, ['manual', 'manual', 'auto']);
  });

  it('takes an editor without any such setting for one with the defaults', async () => {
    assert.equal(await modeOf(source([null, null]).settings), 'auto');
  });
});
