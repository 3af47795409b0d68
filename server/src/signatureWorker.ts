/** The thread that verifies signatures for an audit of a closure: see adapters/signatures/signatureWorkers.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { verifyBatch } from './adapters/signatures/verifyBatch';
import type { BatchMessage, SignatureWorkerData } from './adapters/signatures/signatureBatch';
import { lowerThreadPriority } from './adapters/threadPriority';
import type { PublicKey } from './domain/publicKey';

if ((workerData as SignatureWorkerData | undefined)?.background === true) lowerThreadPriority();

const keys: PublicKey[] = [];
parentPort?.on('message', (message: BatchMessage) => {
  parentPort?.postMessage(verifyBatch(message, keys), [message.bytes.buffer]);
});
