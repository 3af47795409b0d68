import assert from 'node:assert/strict';
import type { CacheOrigin } from '../../server/src/domain/inputsReport';
import { trustedKeys } from '../../server/src/domain/publicKey';
import { parseSubstituter } from '../../server/src/domain/substituter';
import type { ConfiguredCache, TrustConfiguration } from '../../server/src/engine/trustConfiguration';

export interface CacheSetup {
  readonly url: string;
  readonly private?: boolean;
  readonly origin?: CacheOrigin;
  /** Why it is not asked. */
  readonly refused?: string;
}

export function configuredCache({ url, private: isPrivate = false, origin = 'nix.conf', refused }: CacheSetup): ConfiguredCache {
  const parsed = parseSubstituter(url);
  assert.ok(parsed.ok, url);
  const reason = refused ?? parsed.value.reason;
  return {
    substituter: parsed.value,
    origin,
    private: isPrivate,
    ask: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** A configuration with these caches and keys, and nothing from this machine. */
export function trustConfiguration(caches: readonly CacheSetup[], keys: readonly string[] = []): TrustConfiguration {
  return {
    caches: caches.map(configuredCache),
    trusted: trustedKeys(keys),
    requireSignatures: true,
    storeDir: '/nix/store',
    credentialsFor: () => undefined,
    problems: [],
  };
}
