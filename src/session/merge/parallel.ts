/**
 * What `parallelWrite` needs of a session: the bytes that every attempt starts from, a private
 * change set that results go into, and one merge at the end. Which task wrote an entry is known
 * from the origin in its dot, so overlaps are decided by task index, not by arrival.
 */
import { makeError } from "../../base/errors.ts";
import type { Runtime } from "../../base/runtime.ts";
import type { RepositoryConfig } from "../../format/config/config.ts";
import type { Storage } from "../../storage/port.ts";
import type { Dot } from "../changes/dot.ts";
import { bytesOfFork, stateOfFork } from "../fork/content.ts";
import { mustGetState } from "../state/access.ts";
import type { SessionState } from "../state/state.ts";
import { assertOpen, assertWritable, runMerge, runParallelWrite } from "../state/writing.ts";
import { startCollector } from "./collector.ts";
import type { MergeReport, OverlapPolicy } from "./report.ts";

/** How one result is taken in. */
interface TaskResultOptions {
  /** Index of the task. */
  readonly task: number;
  readonly onOverlap: OverlapPolicy;
  readonly checkChunks: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A merge that grows while workers work. */
export interface ParallelMerge {
  readonly storage: Storage;
  readonly runtime: Runtime;
  /** What workers' forks need of the session's configuration. */
  readonly workerConfig: RepositoryConfig;
  /** A fork of the session, as bytes; every `fromBytes` makes an instance of its own. */
  readonly forkBytes: Uint8Array;
  readonly report: MergeReport;
  /**
   * Takes the result of one task.
   * @throws {executor-failed} it is that of another task, which was taken before
   * @throws {merge-overlap} @throws {merge-failed} @throws {fork-base-mismatch}
   * @throws {invalid-fork-bytes}
   */
  add(bytes: Uint8Array, options: TaskResultOptions): Promise<MergeReport>;
  /** Merges everything into the session; all or none. */
  apply(options: {
    readonly onOverlap: OverlapPolicy;
    readonly signal?: AbortSignal | undefined;
  }): Promise<void>;
}

const SESSION_INDEX = -1; // The session's own writes come before every task's.

/** Runs `work` on a fork of the session; commits are refused meanwhile. One GET at most. */
export async function runParallelMerge<T>(
  session: object,
  work: (merge: ParallelMerge) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const state = mustGetState(session);
  assertWritable(state, "parallelWrite");
  return runParallelWrite(state, async () => work(await beginMerge(state, signal)));
}

async function beginMerge(
  state: SessionState,
  signal: AbortSignal | undefined,
): Promise<ParallelMerge> {
  const forkBytes = bytesOfFork(stateOfFork(state), "carry");
  const collector = await startCollector(state, signal);
  const knownBefore = state.past.vector;
  const taskOfOrigin = new Map<string, number>();
  const indexOf = ({ origin }: Dot): number => taskOfOrigin.get(origin) ?? SESSION_INDEX;
  const { storage, runtime, config } = state.engine;
  return {
    storage,
    runtime,
    forkBytes,
    workerConfig: { inlineChunkThresholdBytes: config.inlineChunkThresholdBytes },
    get report() {
      return collector.report;
    },
    async add(bytes, { task, onOverlap, checkChunks, signal: addSignal }) {
      const fork = collector.read(bytes);
      for (const origin of fork.past.vector.keys()) {
        if (knownBefore.has(origin)) continue; // Its writes are no task's.
        const earlier = taskOfOrigin.get(origin) ?? task;
        if (earlier !== task) throw sameResult(task, earlier);
        taskOfOrigin.set(origin, task);
      }
      return collector.add(fork, {
        checkChunks,
        signal: addSignal,
        decide(ours, theirs) {
          if (onOverlap === "error") return "error";
          const isOurs = indexOf(ours) < indexOf(theirs) === (onOverlap === "ours");
          return isOurs ? "ours" : "theirs";
        },
      });
    },
    apply({ onOverlap, signal: applySignal }) {
      const apply = async (): Promise<void> => {
        applySignal?.throwIfAborted();
        assertOpen(state, "parallelWrite");
        if (collector.isCurrent) {
          collector.apply();
          return;
        }
        // The session was written to meanwhile: the result is merged like any fork's.
        const final = await startCollector(state, applySignal);
        await final.add(collector.asFork(), { decide: () => onOverlap, checkChunks: false });
        applySignal?.throwIfAborted();
        final.apply();
      };
      return runMerge(state, apply, applySignal);
    },
  };
}

function sameResult(task: number, earlier: number): Error {
  return makeError(
    "executor-failed",
    `the executor gave the result of task ${earlier} for task ${task}, too`,
    { details: { tasks: [earlier, task] } },
  );
}
