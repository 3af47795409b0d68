/** What the thread that walks closures and the rest of the process say to each other. */
import type { ClosureProgress } from '../engine/closure/request';
import type { PackedWalk } from '../engine/closure/packedWalk';
import type { Logger, TransportFailure, TransportRequest, TransportResponse } from '../engine/ports';
import type { ClosureOptions } from '../lsp/host';
import type { PackedRequest } from './packedRequest';

/** What the thread is started with. */
export interface ThreadData {
  readonly options: ClosureOptions;
  /** Whether the editor sends requests; see the message `fetch`. */
  readonly editor: boolean;
}

export type ToThread =
  | { readonly kind: 'walk'; readonly walk: number; readonly request: PackedRequest }
  /** Give it up; what is known by then is still wanted. */
  | { readonly kind: 'cancel'; readonly walk: number }
  | { readonly kind: 'fetched'; readonly fetch: number; readonly result: TransportResponse | TransportFailure }
  /** Write what is in memory and end. */
  | { readonly kind: 'close' };

export type FromThread =
  | { readonly kind: 'progress'; readonly walk: number; readonly progress: ClosureProgress }
  | { readonly kind: 'walked'; readonly walk: number; readonly packed: PackedWalk }
  /** A bug. */
  | { readonly kind: 'broken'; readonly walk: number; readonly message: string }
  /** A request that the editor should send. */
  | { readonly kind: 'fetch'; readonly fetch: number; readonly request: TransportRequest }
  | { readonly kind: 'give-up'; readonly fetch: number }
  | { readonly kind: 'log'; readonly level: keyof Logger; readonly message: string }
  | { readonly kind: 'closed' };
