/**
 * Collects forks into a private change set and applies it to the session once: what fails before
 * the end leaves no trace. The forks' references are copied once, however many forks there are.
 */
import { makeError } from "../../base/errors.ts";
import { objectIdFromBytes } from "../../format/ids.ts";
import { chunkPath } from "../../format/object-paths.ts";
import { copyPast } from "../changes/past.ts";
import { shareChanges } from "../changes/shared-tables.ts";
import type { ForkContent } from "../fork/bytes.ts";
import { writtenUnder } from "../fork/written-under.ts";
import { loadBase, type SessionState } from "../state/state.ts";
import { closeEpoch, lastClosed } from "../state/writing.ts";
import { contentOfBytes } from "./content-of-bytes.ts";
import type { MergeTarget, OverlapDecision } from "./merge-run.ts";
import { EMPTY_MERGE_REPORT, type MergeReport } from "./report.ts";
import { mergeFork } from "./three-way.ts";

/** How one fork is taken in. */
interface AddOptions {
  readonly decide: OverlapDecision;
  /** Whether one HEAD checks that the fork's chunks are in this repository. */
  readonly checkChunks: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A merge in the making. After a failed `add` it can't be used any more. */
interface MergeCollector {
  /**
   * A fork's content from its bytes, checked against the base; refuses anything else.
   * @throws {invalid-fork-bytes} @throws {invalid-option} @throws {unimplemented}
   */
  read(input: unknown): ForkContent;
  /**
   * Merges one fork into the private change set. At most one HEAD.
   * @throws {merge-overlap} @throws {merge-failed} @throws {fork-base-mismatch}
   * @throws {invalid-fork-bytes}
   */
  add(fork: ForkContent, options: AddOptions): Promise<MergeReport>;
  /** What was merged so far. */
  readonly report: MergeReport;
  /** Whether the session has not changed since the start. */
  readonly isCurrent: boolean;
  /** Makes the result the session's own. @throws {session-busy} if that has changed meanwhile */
  apply(): void;
  /** The result as a fork of the session as it was: for sessions that may have changed meanwhile. */
  asFork(): ForkContent;
}

/** Starts a merge into the session as it is now. One GET at most (the base). */
export async function startCollector(
  state: SessionState,
  signal?: AbortSignal,
): Promise<MergeCollector> {
  const base = await loadBase(state, signal);
  closeEpoch(state);
  const { baseId, overlay, past, dot, revision } = state;
  const need = lastClosed(state);
  const ownBefore = shareChanges(state.own);
  const target: MergeTarget = {
    baseId,
    base,
    overlay,
    own: shareChanges(state.own),
    past: copyPast(past),
    dot,
    hasLearnt: false,
  };
  let report = EMPTY_MERGE_REPORT;
  return {
    read: (input) => contentOfBytes(input, base),
    async add(fork, { decide, checkChunks, signal: addSignal }) {
      const outcome = mergeFork(target, fork, decide);
      if (checkChunks && outcome.sampleChunkId !== undefined) {
        await assertChunkIsHere(state, outcome.sampleChunkId, addSignal);
      }
      report = addReports(report, outcome.report);
      return outcome.report;
    },
    get report() {
      return report;
    },
    get isCurrent() {
      return state.revision === revision && state.baseId === baseId;
    },
    apply() {
      if (state.revision !== revision) {
        throw makeError("session-busy", "merge: the session changed while the merge ran");
      }
      state.own = target.own;
      state.past = target.past;
      if (target.hasLearnt) state.dotUsed = true;
      state.revision++;
    },
    asFork: () => ({
      baseId,
      need,
      needPast: past,
      past: target.past,
      overlay: ownBefore,
      own: target.own,
      writtenUnder: writtenUnder(base, overlay, target.own),
    }),
  };
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
