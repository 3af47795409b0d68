/** What a walk is asked for, as it goes to another thread: functions become what they answer, keys their texts. */
import { trustedKeys } from '../domain/publicKey';
import type { StorePath } from '../domain/storePath';
import type { ClosureRequest } from '../engine/closure/request';
import { askable } from '../engine/closure/walk';
import type { ConfiguredCache, TrustConfiguration } from '../engine/trustConfiguration';
import { omit } from '../util/omit';

type Login = NonNullable<ReturnType<TrustConfiguration['credentialsFor']>>;

/** Only what may be known of the user's logins is in it: those of the hosts that are asked. */
export interface PackedRequest
  extends
    Pick<ClosureRequest, 'challenge' | 'maxPaths' | 'maxReferences' | 'maxChain' | 'refresh' | 'offline'>,
    Pick<TrustConfiguration, 'requireSignatures' | 'storeDir' | 'sslCertFile'> {
  /** With a line feed between them: as one text it is copied in no time. */
  readonly roots: string;
  readonly also: string;
  readonly caches: readonly ConfiguredCache[];
  /** `name:base64`, in configured order. */
  readonly keys: readonly string[];
  /** By host. */
  readonly logins: ReadonlyMap<string, Login>;
}

/** What a walk is asked for, beside the part that its runtime knows. */
export type WalkRequest = Omit<ClosureRequest, 'connections'>;

/** Packs a request; its `onProgress` stays here. */
export function packRequest(request: WalkRequest): PackedRequest {
  const { roots, also = [], configuration, withheld } = request;
  const rest = omit(request, ['configuration', 'withheld', 'onProgress']);
  const { requireSignatures, storeDir, sslCertFile } = configuration;
  const caches = configuration.caches.map((cache) => askable(cache, withheld?.(cache)));
  const logins = new Map<string, Login>();
  for (const { ask, substituter } of caches) {
    const login = ask && substituter.host !== undefined ? configuration.credentialsFor(substituter.host) : undefined;
    if (login !== undefined && substituter.host !== undefined) logins.set(substituter.host, login);
  }
  return {
    ...{ ...rest, requireSignatures, storeDir, caches, logins },
    roots: roots.join('\n'),
    also: also.join('\n'),
    keys: [...configuration.trusted.byName.values()].map(({ text }) => text),
    ...(sslCertFile === undefined ? {} : { sslCertFile }),
  };
}

/** The request as it was packed. */
export function unpackRequest(packed: PackedRequest): WalkRequest {
  const { roots, also, caches, keys, logins, requireSignatures, storeDir, sslCertFile, ...rest } = packed;
  return {
    ...rest,
    roots: pathsOf(roots),
    also: pathsOf(also),
    configuration: {
      ...{ caches, requireSignatures, storeDir },
      trusted: trustedKeys(keys),
      credentialsFor: (host) => logins.get(host),
      ...(sslCertFile === undefined ? {} : { sslCertFile }),
      problems: [],
    },
  };
}

function pathsOf(text: string): StorePath[] {
  return text === '' ? [] : (text.split('\n') as StorePath[]);
}
