/**
 * Merging live forks, fork bytes, and streams of them into a session: decides every one in order
 * on values, checks that the chunks are really here, and applies the result once.
 */

import { untilAborted } from "../../base/async-list.ts";
import { asBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import {
  abortSignal,
  checkOptions,
  type OptionKinds,
  oneOf,
  trueOrFalse,
} from "../../base/options.ts";
import { contentOfFork } from "../fork/content.ts";
import { getState } from "../state/access.ts";
import { readOnlyError } from "../state/describe.ts";
import type { SessionState } from "../state/state.ts";
import { assertWritable, runMerge } from "../state/writing.ts";
import type { MergeReport, OverlapPolicy } from "./report.ts";

const loadCollector = /* @__PURE__ */ lazyPart(() => import("./collector.ts"));

/** A fork to merge: live, as bytes, or saved (`unimplemented` so far). */
export type MergeInput<F> = F | Uint8Array | { readonly saved: string };

/** Options of `merge`. */
export interface MergeOptions {
  /** What to do with chunks that both sides wrote, deletes included. Default: refuse. */
  readonly onOverlap?: OverlapPolicy | undefined;
  /** `sample` (default): one HEAD per fork finds forks of another repository. */
  readonly checkChunks?: "sample" | "none" | undefined;
  /** For forks that `save` will leave in the repository: `unimplemented` so far. */
  readonly withOverlay?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One or many inputs. */
export type MergeInputs<F> = MergeInput<F> | Iterable<MergeInput<F>> | AsyncIterable<MergeInput<F>>;

const KNOWN: OptionKinds = {
  onOverlap: oneOf(["error", "ours", "theirs"]),
  checkChunks: oneOf(["sample", "none"]),
  withOverlay: trueOrFalse,
  signal: abortSignal,
};

/** Merges all inputs, in order; all or none. Fails as `Session.merge` says. */
export async function mergeInputs<F>(
  state: SessionState,
  inputs: MergeInputs<F>,
  options: MergeOptions | undefined,
): Promise<MergeReport> {
  checkOptions("merge", options, KNOWN);
  if (options?.withOverlay === true) {
    throw makeError("unimplemented", "merge: withOverlay is not built yet", {
      details: { option: "withOverlay" },
    });
  }
  if (state.mode !== "writable") {
    throw readOnlyError("merge-not-allowed", "merge", state);
  }
  if (state.activity !== "merge") assertWritable(state, "merge");
  const signal = options?.signal;
  const policy = options?.onOverlap ?? "error";
  const checkChunks = options?.checkChunks !== "none";
  const merge = async (): Promise<MergeReport> => {
    const { startCollector } = await loadCollector();
    const collector = await startCollector(state, signal);
    for await (const input of eachInput(inputs, signal)) {
      signal?.throwIfAborted();
      assertMergeable(state, input);
      const fork = contentOfFork(input) ?? collector.read(input);
      await collector.add(fork, { decide: () => policy, checkChunks, signal });
    }
    signal?.throwIfAborted();
    collector.apply();
    return collector.report;
  };
  return runMerge(state, merge, signal);
}

async function* eachInput<F>(
  inputs: MergeInputs<F>,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown> {
  const isOne = asBytes(inputs) !== undefined || getState(inputs) !== undefined;
  if (isOne || typeof inputs !== "object" || inputs === null) yield inputs;
  else if (Symbol.asyncIterator in inputs) yield* untilAborted(inputs, signal);
  else if (Symbol.iterator in inputs) yield* inputs;
  else yield inputs;
}

/** Only forks can be merged, and none into itself. */
function assertMergeable(receiver: SessionState, input: unknown): void {
  const state = getState(input);
  if (state === undefined || (state.kind === "fork" && state !== receiver)) return;
  const fault = state === receiver ? "cannot be merged into itself" : "is no fork";
  throw makeError("merge-not-allowed", `merge: the ${state.kind} ${fault}`, {
    details: { snapshotId: receiver.baseId },
  });
}
