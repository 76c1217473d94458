/**
 * What only writable sessions need, as one value that is loaded with the first of them: a reader
 * of the web never downloads the code that commits, merges and rebases.
 */
import { runCommit } from "./commit/commit.ts";
import { contentOfFork, forkOf } from "./fork.ts";
import { mergeInputs } from "./fork-merge.ts";
import { rebaseOnto } from "./rebase.ts";

/** The operations of a writable session. */
export interface WriteHalf {
  readonly runCommit: typeof runCommit;
  readonly rebaseOnto: typeof rebaseOnto;
  readonly forkOf: typeof forkOf;
  readonly mergeInputs: typeof mergeInputs;
  readonly contentOfFork: typeof contentOfFork;
}

export const WRITE_HALF: WriteHalf = Object.freeze({
  runCommit,
  rebaseOnto,
  forkOf,
  mergeInputs,
  contentOfFork,
});
