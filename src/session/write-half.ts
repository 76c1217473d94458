/**
 * The write half: what only writable sessions and forks need, as one value that is loaded with the
 * first of them, so that a reader of the web never downloads the code that writes, commits and
 * merges. Sessions, forks and stores are constructed with it, so what is called synchronously stays
 * synchronous.
 */
import { runCommit } from "./commit/commit.ts";
import { bytesOfFork, stateOfFork } from "./fork/content.ts";
import { mergeInputs } from "./merge/inputs.ts";
import { deletePrefix } from "./store/delete.ts";
import { removeAllNodes } from "./store/node-write.ts";
import { deleteKey, parseSet, setKey } from "./store/write.ts";
import { setVirtualRef, setVirtualRefColumns, setVirtualRefs } from "./virtual/set-refs.ts";

/** What takes the bytes of forks in, which those who only write never load. */
const loadForkReader = () =>
  Promise.all([import("./fork/read-bytes.ts"), import("./fork/check.ts")] as const);

export const WRITE_HALF = Object.freeze({
  parseSet,
  setKey,
  deleteKey,
  deletePrefix,
  removeAllNodes,
  setVirtualRef,
  setVirtualRefs,
  setVirtualRefColumns,
  runCommit,
  mergeInputs,
  stateOfFork,
  bytesOfFork,
  loadForkReader,
});

/** The operations of a writable session. */
export type WriteHalf = typeof WRITE_HALF;
