/**
 * The two parts of undici that we use, by their files: its index would load fetch, WebSocket, mocks and caches too, which doubles
 * the time to load (46 instead of 20 ms) and the size of our bundles. Their interfaces are the public ones.
 */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}

declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}
