/** Which failures are tried again: what passes is, what was given wrongly is not. */
import { expect, test } from "vitest";
import type { ErrorKind } from "../../../src/base/error-kinds.ts";
import { makeError } from "../../../src/base/errors.ts";
import { isFinal } from "../../../src/parallel/final-errors.ts";
import { defineWorker, parallelWrite } from "../../../src/parallel/index.ts";
import { writeRegion } from "../../../src/zarr/index.ts";
import { smallSession } from "./fixture.ts";

const error = (kind: ErrorKind, cause?: unknown): Error => makeError(kind, "it fails", { cause });

test.each<[string, unknown]>([
  ["a user's own error", new TypeError("x is not a function")],
  ["what is no error", "a text"],
  ["a failure of the storage", error("io")],
  ["an unknown outcome", error("unknown-outcome")],
  ["a lost race", error("commit-conflict")],
  ["damaged bytes, which may have been damaged on the way", error("deserialization")],
  ["a worker that crashed", error("worker-crashed")],
  ["a worker that crashed by a user's own error", error("worker-crashed", new Error("no"))],
  ["a session that is busy", error("session-busy")],
])("%s is tried again", (_what, reason) => {
  expect(isFinal(reason)).toBe(false);
});

test.each<ErrorKind>([
  "invalid-option",
  "region-not-aligned",
  "storage-not-shareable",
  "node-not-found",
  "node-already-exists",
  "read-only-store",
  "fork-base-mismatch",
  "commit-not-allowed",
  "unimplemented",
  "missing-dependency",
  "cannot-parse-url",
  "unsupported-spec-version",
])("%s is not tried again, nor a crash by it", (kind) => {
  expect(isFinal(error(kind))).toBe(true);
  expect(isFinal(error("worker-crashed", error(kind)))).toBe(true);
});

test.each<[string, Parameters<typeof defineWorker<number>>[0], ErrorKind]>([
  [
    "a wrong region",
    ({ fork, task }) =>
      writeRegion(fork.store, "/a", { region: [{ start: task, end: 99 }], data: Int32Array.of(1) }),
    "invalid-option",
  ],
  ["a commit of a fork", ({ fork }) => fork.commit(), "commit-not-allowed"],
])("a worker that fails by %s runs once", async (_what, work, kind) => {
  const { session } = await smallSession();
  let runs = 0;
  const worker = defineWorker<number>((input) => {
    runs++;
    return work(input);
  });

  const run = parallelWrite(session, { worker, tasks: [0] });

  await expect(run).rejects.toMatchObject({ kind: "task-failed", cause: { kind } });
  expect(runs).toBe(1);
});
