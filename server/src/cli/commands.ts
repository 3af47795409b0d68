/** All commands but the quickest: a bundle of its own, loaded when one of them is called. */
export { createRuntime } from '../runtime';
export { runMerge } from './runMerge';
export { runReport } from './runReport';
export { runVet } from './vet/runVet';
