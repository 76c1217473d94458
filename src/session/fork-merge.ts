/**
 * Merging live forks, fork bytes, and streams of them into a session: decides every one in order
 * on values, checks that the chunks are really here, and applies the result once.
 */
import { makeError } from "../base/errors.ts";
import { checkOptions, describe } from "../base/options.ts";
import { objectIdFromBytes } from "../format/ids.ts";
import { chunkPath } from "../format/object-paths.ts";
import { decodeForkBytes } from "./fork-bytes.ts";
import {
  EMPTY_MERGE_REPORT,
  type ForkContent,
  type MergeReport,
  type MergeTarget,
  mergeFork,
  type OverlapPolicy,
} from "./merge.ts";
import { assertWritable, loadBase, publish, runMerge, type SessionState } from "./session-state.ts";

/** A fork to merge: live, as bytes, or saved (not built yet). */
export type MergeInput<F> = F | Uint8Array | { readonly saved: string };

/** Options of `merge`. */
export interface MergeOptions {
  /** What to do with chunks that both sides wrote, deletes included. Default: refuse. */
  readonly onOverlap?: OverlapPolicy | undefined;
  /** `sample` (default): one HEAD per fork finds forks of another repository. */
  readonly checkChunks?: "sample" | "none" | undefined;
  /** For saved forks whose parent is gone; not built yet. */
  readonly withOverlay?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One or many inputs. */
export type MergeInputs<F> = MergeInput<F> | Iterable<MergeInput<F>> | AsyncIterable<MergeInput<F>>;

const POLICIES: readonly unknown[] = [undefined, "error", "ours", "theirs"];
const CHECKS: readonly unknown[] = [undefined, "sample", "none"];

/**
 * Merges all inputs, in order; all or none. `contentOf` gives a live fork's content, or
 * `undefined` for what is no fork.
 */
export async function mergeInputs<F>(
  state: SessionState,
  inputs: MergeInputs<F>,
  options: MergeOptions | undefined,
  contentOf: (input: unknown) => ForkContent | undefined,
): Promise<MergeReport> {
  checkMergeOptions(options);
  if (state.mode !== "writable") {
    throw makeError("merge-not-allowed", "merge: the session is read-only", {
      details: { snapshotId: state.baseId },
    });
  }
  if (state.activity !== "merge") assertWritable(state, "merge");
  return runMerge(state, async () => {
    const signal = options?.signal;
    const base = await loadBase(state, signal);
    publish(state);
    const { baseId, overlay, own, version, revision } = state;
    let target: MergeTarget = { baseId, base, overlay, own, version };
    let report = EMPTY_MERGE_REPORT;
    for await (const input of eachInput(inputs, contentOf)) {
      signal?.throwIfAborted();
      const fork = contentOf(input) ?? contentOfBytes(input);
      const outcome = mergeFork(target, fork, options?.onOverlap ?? "error");
      if (options?.checkChunks !== "none" && outcome.sampleChunkId !== undefined) {
        await assertChunkIsHere(state, outcome.sampleChunkId, signal);
      }
      target = outcome.target;
      report = addReports(report, outcome.report);
    }
    signal?.throwIfAborted();
    if (state.revision !== revision) {
      throw makeError("session-busy", "merge: the session changed while the merge ran");
    }
    state.own = target.own;
    state.version = target.version;
    state.revision++;
    return report;
  });
}

function checkMergeOptions(options: MergeOptions | undefined): void {
  checkOptions("merge", options, ["onOverlap", "checkChunks", "withOverlay", "signal"]);
  const wrong = (name: string, value: unknown, expected: string): Error =>
    makeError("invalid-option", `merge: ${name} must be ${expected}, got ${describe(value)}`, {
      details: { option: name, found: value },
    });
  if (!POLICIES.includes(options?.onOverlap)) {
    throw wrong("onOverlap", options?.onOverlap, '"error", "ours" or "theirs"');
  }
  if (!CHECKS.includes(options?.checkChunks)) {
    throw wrong("checkChunks", options?.checkChunks, '"sample" or "none"');
  }
}

async function* eachInput<F>(
  inputs: MergeInputs<F>,
  contentOf: (input: unknown) => ForkContent | undefined,
): AsyncGenerator<unknown> {
  const isOne = inputs instanceof Uint8Array || contentOf(inputs) !== undefined;
  if (isOne || typeof inputs !== "object" || inputs === null) yield inputs;
  else if (Symbol.asyncIterator in inputs || Symbol.iterator in inputs) yield* inputs;
  else yield inputs;
}

function contentOfBytes(input: unknown): ForkContent {
  if (input instanceof Uint8Array) {
    const { base, need, version, overlay, own } = decodeForkBytes(input);
    return { baseId: base, need, version, overlay, own };
  }
  if (typeof input === "object" && input !== null && "saved" in input) {
    throw makeError("unimplemented", "merge: saved forks are not built yet; send their bytes");
  }
  throw makeError(
    "invalid-option",
    `merge: expected a ForkSession or its bytes, got ${describe(input)}`,
    {
      details: { found: describe(input) },
    },
  );
}

/** A fork of a copy of the repository has the same base but other chunks: one HEAD finds it. */
async function assertChunkIsHere(
  state: SessionState,
  chunkIdBytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = chunkPath(objectIdFromBytes(chunkIdBytes));
  if ((await state.engine.storage.head(path, { signal })) !== undefined) return;
  throw makeError("fork-base-mismatch", `the fork's chunk ${path} is not in this repository`, {
    details: { reason: "chunk-missing", object: path },
  });
}

function addReports(a: MergeReport, b: MergeReport): MergeReport {
  return {
    forks: a.forks + b.forks,
    chunks: a.chunks + b.chunks,
    overlaps: a.overlaps + b.overlaps,
    skipped: a.skipped + b.skipped,
    bytes: a.bytes + b.bytes,
  };
}
