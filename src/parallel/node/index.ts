/** `icefloe/parallel/node`: executors that need Node. */
export { type ProcessesOptions, processes } from "./processes.ts";
export { type ThreadsOptions, threads } from "./threads.ts";
