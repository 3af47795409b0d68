/**
 * Public caches and their keys, as seen in public files: to name a key that somebody is about to trust, and to notice another key under
 * a known name. Never a reason to trust one. Users' own caches come on top of it.
 */

/** Who may put paths under the key: one operator; one tenant, with a key for each cache; many tenants under one key. */
export type KeyTenancy = 'single' | 'per-cache' | 'shared';

export interface KnownKey {
  /** Without a slash at the end. */
  readonly cache: string;
  /** `name:base64`. */
  readonly key: string;
  readonly tenancy: KeyTenancy;
  /** `builder`: signed by the build farm when it uploads; `server`: by the service, which says only that it had the path. */
  readonly signedBy: 'builder' | 'server';
  /** A test key: seeing it trusted is a finding. */
  readonly neverTrust?: true;
}

/** When the newest of the files was read; keys may have changed since. */
export const KNOWN_KEYS_DATE = '2026-08-22';

/** Cachix: one key for each cache, `<cache>.cachix.org-1`, held by the service. */
const CACHIX: readonly (readonly [cache: string, base64: string])[] = [
  ['nix-community', 'mB9FSh9qf2dCimDSUo8Zy7bkq5CX+/rkCWyvRCYg3Fs='],
  ['cachix', 'eWNHQldwUO7G2VkjpnjDbWwy4KQ/HNxht7H4SSoMckM='],
  ['devenv', 'w1cLUi8dv3hnoSPGAuibQv+f9TZLr6cv/Hm9XgU50cw='],
  ['numtide', '2ps1kLBUWjxIneOy1Ik6cQjb41X0iXVXeHigGmycPPE='],
  ['hyprland', 'a7pgxzMz7+chwVL3/pzj6jIBMioiJM7ypFP8PwtkuGc='],
  ['helix', 'ejp9KQpR1FBI2onstMQ34yogDm4OgU2ru6lIwPvuCVs='],
  ['nixpkgs-wayland', '3lwxaILxMRkVhehr5StQprHdEo4IrE8sRho9R9HOLYA='],
  ['hercules-ci', 'ZZeDl9Va+xe9j+KqdzoBZMFJHVQ42Uu/c/1/KMC5Lw0='],
  ['cuda-maintainers', '0dq3bujKpuEPMCX6U4WylrUDZ9JyUG0VpVZa7CNfq5E='],
  ['cosmic', 'Dya9IyXD4xdBehWjrkPv6rtxpmMdRel02smYzA85dPE='],
  ['nix-gaming', 'nbjlureqMbRAxR1gJ/f3hxemL9svXaZF/Ees8vCUUs4='],
  ['chaotic-nyx', 'HfnXSw4pj95iI/n17rIDy40agHj12WfF+Gqk6SonIT8='],
  ['microvm', 'oXnBc6hRE3eX5rSYdRyMYXnfzcCxC7yKPTbZXALsqys='],
  ['niri', 'Wv0OmO7PsuocRKzfDoJ3mulSl7Z6oezYhGhR+3W2964='],
  ['nixos-apple-silicon', '8psDu5SA5dAD7qA0zMy5UT292TxeEPzIz8VVEr2Js20='],
  ['ghostty', 'QB389yTa6gTyneehvqG58y0WnHjQOqgnA+wBnpWWxns='],
  ['colmena', '7BzpDnjjH8ki2CT3f6GdOk7QAzPOl+1t3LvTLXqYcSg='],
  ['crane', '8Scfpmn9w+hGdXH/Q9tTLiYAE/2dnJYRJP7kl80GuRk='],
];

/** FlakeHub Cache: the keys numbered from 3 on serve all its tenants. */
const FLAKEHUB: readonly (readonly [number: number, base64: string])[] = [
  [3, 'hJuILl5sVK4iKm86JzgdXW12Y2Hwd5G07qKtHTOcDCM='],
  [4, 'Asi8qIv291s0aYLyH6IOnr5Kf6+OF14WVjkE6t3xMio='],
  [5, 'zB96CRlL7tiPtzA9/WKyPkp3A2vqxqgdgyTVNGShPDU='],
  [6, 'W4EGFwAGgBj3he7c5fNh9NkOXw0PUVaxygCVKeuvaqU='],
  [7, 'mvxJ2DZVHn/kRxlIaxYNMuDG1OvMckZu32um1TadOR8='],
  [8, 'moO+OVS0mnTjBTcOUh2kYLQEd59ExzyoW1QgQ8XAARQ='],
  [9, 'wChaSeTI6TeCuV/Sg2513ZIM9i0qJaYsF+lZCXg0J6o='],
  [10, '2GqeNlIp6AKp4EF2MVbE1kBOp9iBSyo0UPR9KoR0o1Y='],
];

export const KNOWN_KEYS: readonly KnownKey[] = [
  {
    cache: 'https://cache.nixos.org',
    key: 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
    tenancy: 'single',
    signedBy: 'builder',
  },
  {
    cache: 'https://cache.garnix.io',
    key: 'cache.garnix.io:CTFPyKSLcx5RMJKfLo5EEPUObbA78b0YQ2DTCJXqr9g=',
    tenancy: 'shared',
    signedBy: 'server',
  },
  {
    cache: 'https://cache.ngi0.nixos.org',
    key: 'cache.ngi0.nixos.org-1:KqH5CBLNSyX184S9BKZJo1LxrxJ9ltnY2uAs5c/f1MA=',
    tenancy: 'single',
    signedBy: 'builder',
  },
  {
    cache: 'https://cache.nixos-cuda.org',
    key: 'cache.nixos-cuda.org:74DUi4Ye579gUqzH4ziL9IyiJBlDpMRn9MBN8oNan9M=',
    tenancy: 'single',
    signedBy: 'builder',
  },
  {
    cache: 'https://cache.iog.io',
    key: 'hydra.iohk.io:f/Ea+s+dFdN+3Y/G+FDgSq+a5NEWhJGzdjvKNGv0/EQ=',
    tenancy: 'single',
    signedBy: 'builder',
  },
  {
    cache: 'https://cache.clan.lol',
    key: 'cache.clan.lol-1:3KztgSAB5R1M+Dz7vzkBGzXdodizbgLXGXKXlcQLA28=',
    tenancy: 'single',
    signedBy: 'builder',
  },
  {
    cache: 'https://cache.lix.systems',
    key: 'cache.lix.systems:aBnZUw8zA7H35Cz2RyKFVs3H4PlGTLawyY5KRbvJR8o=',
    tenancy: 'single',
    signedBy: 'builder',
  },
  {
    cache: 'https://cache.thalheim.io',
    key: 'cache.thalheim.io-1:R7msbosLEZKrxk/lKxf9BTjOOH7Ax3H0Qj0/6wiHOgc=',
    tenancy: 'single',
    signedBy: 'server',
  },
  {
    cache: 'https://staging-hydra.nixos.org',
    key: 'staging-hydra.nixos.org:XTeS2S4YgmVOVVTBazog3M6pSHoUKw0k5mCcqdmPeCU=',
    tenancy: 'single',
    signedBy: 'builder',
    neverTrust: true,
  },
  ...CACHIX.map(([cache, base64]): KnownKey => {
    const host = `${cache}.cachix.org`;
    return { cache: `https://${host}`, key: `${host}-1:${base64}`, tenancy: 'per-cache', signedBy: 'server' };
  }),
  ...FLAKEHUB.map(([number, base64]): KnownKey => {
    const host = 'cache.flakehub.com';
    return { cache: `https://${host}`, key: `${host}-${number}:${base64}`, tenancy: 'shared', signedBy: 'server' };
  }),
];

/** Finds the known keys of a name. Other bytes under the same name deserve a question. */
export function knownKeysOfName(name: string): readonly KnownKey[] {
  return KNOWN_KEYS.filter(({ key }) => key.startsWith(`${name}:`));
}
