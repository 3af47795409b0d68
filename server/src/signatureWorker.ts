/** The thread that verifies signatures for an audit of a closure: see adapters/signatures/signatureWorkers.ts. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { verifyBatch } from './adapters/signatures/verifyBatch';
import type { BatchMessage, SignatureWorkerData } from './adapters/signatures/signatureBatch';
import type { PublicKey } from './domain/publicKey';

/** Of Linux's 19 steps down. */
const BACKGROUND_PRIORITY = 10;

// Linux takes this for the thread that asks; other systems would slow the whole process down.
if ((workerData as SignatureWorkerData | undefined)?.background === true && process.platform === 'linux') {
  try {
    setPriority(BACKGROUND_PRIORITY);
  } catch {
    // A system that forbids it.
  }
}

const keys: PublicKey[] = [];
parentPort?.on('message', (message: BatchMessage) => {
  parentPort?.postMessage(verifyBatch(message, keys), [message.bytes.buffer]);
});
