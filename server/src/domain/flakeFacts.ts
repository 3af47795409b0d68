/**
 * What flake.nix and flake.lock say together: inputs, their sources as locked, and what the static checks find. No cache is
 * asked here, nothing is evaluated; either file may be missing or broken.
 */
import { staticFindings } from './checks/staticFindings';
import { declaredInputs, lockedInputs } from './flakeFacts/inputs';
import type { FlakeFacts, FlakeOptions, LockState } from './flakeFacts/types';
import { parseFlakeLock, walkLock } from './flakeLock';
import { readFlakeNix } from './flakeNix';

export type { FlakeFacts, FlakeOptions, InputFacts, LockState } from './flakeFacts/types';

/**
 * Reads a flake's two files; never throws, linear in their size. A text that `previous` was read from is not read again: while somebody
 * types in flake.nix, flake.lock stays the same.
 */
export function readFlake(
  texts: { readonly flakeNix?: string; readonly flakeLock?: string },
  options: FlakeOptions,
  previous?: FlakeFacts,
): FlakeFacts {
  const sameNix = texts.flakeNix !== undefined && texts.flakeNix === previous?.flakeNixText;
  const sameLock = texts.flakeLock !== undefined && texts.flakeLock === previous?.lockText;
  const flakeNix = sameNix ? previous.flakeNix : texts.flakeNix === undefined ? undefined : readFlakeNix(texts.flakeNix);
  const lock = sameLock ? previous.lock : lockState(texts.flakeLock);
  const walk = lock.state === 'ok' ? walkLock(lock.lock) : undefined;
  const declared = flakeNix?.inputs ?? [];
  const facts = {
    ...(flakeNix === undefined ? {} : { flakeNix }),
    ...(texts.flakeNix === undefined ? {} : { flakeNixText: texts.flakeNix }),
    ...(texts.flakeLock === undefined ? {} : { lockText: texts.flakeLock }),
    lock,
    inputs:
      lock.state === 'ok' && walk !== undefined
        ? lockedInputs(lock.lock, walk, declared, options)
        : declaredInputs(declared, options),
  };
  return { ...facts, findings: staticFindings({ ...facts, ...(walk === undefined ? {} : { walk }), options }) };
}

function lockState(text: string | undefined): LockState {
  if (text === undefined) return { state: 'missing' };
  const parsed = parseFlakeLock(text);
  if (parsed.kind === 'ok') return { state: 'ok', version: parsed.lock.version, lock: parsed.lock };
  const { message, span, version } = parsed;
  return { state: 'unreadable', message, span, ...(version === undefined ? {} : { version }) };
}
