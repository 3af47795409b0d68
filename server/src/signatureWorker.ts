/** The thread that verifies signatures for an audit of a closure: see adapters/signatures/signatureWorkers.ts. */
import { parentPort } from 'node:worker_threads';
import { verifyBatch } from './adapters/signatures/verifyBatch';
import type { BatchMessage } from './adapters/signatures/signatureBatch';
import type { PublicKey } from './domain/publicKey';

const keys: PublicKey[] = [];
parentPort?.on('message', (message: BatchMessage) => {
  parentPort?.postMessage(verifyBatch(message, keys), [message.bytes.buffer]);
});
