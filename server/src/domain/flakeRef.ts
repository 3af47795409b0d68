/**
 * Flake references, as text and as attributes: the grammar of Nix 2.34 (libflake/flakeref.cc and the input schemes of
 * libfetchers). Nothing here touches files or the network, so relative paths stay relative and registries are not asked.
 */
export { FORGE_HOSTS, isRev, numberAttr, stringAttr } from './flakeRef/attrs';
export type { AttrValue, FlakeAttrs } from './flakeRef/attrs';
export { findCredential } from './flakeRef/credentials';
export type { Credential } from './flakeRef/credentials';
export { sameReference } from './flakeRef/equivalence';
export { forgeRepository, sourceIdentity, sourceOwner } from './flakeRef/identity';
export { describeFlakeRefError, parseFlakeRef } from './flakeRef/parse';
export type { FlakeRefError } from './flakeRef/parse';
export { browseUrl, printFlakeRef, referenceHost } from './flakeRef/print';
