/** A forgotten `await` in a worker, in a thread or process of its own: the run fails and says so. */
import { type IcefloeError, isIcefloeError } from "icefloe";
import { type Executor, parallelWrite } from "icefloe/parallel";
import { processes, threads } from "icefloe/parallel/node";
import { createArray } from "icefloe/zarr";
import { describe, expect, test } from "vitest";
import { folderWithArray } from "./fixture.ts";

const WORKER = new URL("./workers/forgetful.mjs", import.meta.url);

describe.each<[string, () => Executor]>([
  ["threads", () => threads({ concurrency: 1 })],
  ["processes", () => processes({ concurrency: 1 })],
])("with %s", (_name, executor) => {
  async function run(way: string): Promise<IcefloeError> {
    const { session } = await folderWithArray(1);
    await createArray(session.store, "/z", { shape: [400], chunkShape: [400], dtype: "int32" });
    const error: unknown = await parallelWrite(session, {
      worker: WORKER,
      tasks: [{ way }],
      executor: executor(),
      retriesPerTask: 1,
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(await session.store.has("z/c/0")).toBe(false);
    if (!isIcefloeError(error)) throw new Error(`expected a typed error, got ${String(error)}`);
    return error;
  }

  test.each(["writeRegion", "zarrita"])("a worker that does not await %s fails", async (way) => {
    const error = await run(way);

    expect(error.kind).toBe("task-failed");
    const { errors } = error.details as { errors: readonly { kind: string; message: string }[] };
    expect(errors).toHaveLength(1); // Another attempt would do the same.
    expect(errors[0]).toMatchObject({
      kind: "writes-in-flight",
      message: expect.stringContaining("is an await missing?"),
    });
  });

  test("a forgotten write that is refused ends its place of work, not the coordinator", async () => {
    const error = await run("refused");

    expect(error.kind).toBe("task-failed");
    const { errors } = error.details as { errors: readonly { kind: string }[] };
    expect(errors.at(-1)?.kind).toBe("worker-crashed");
  });
});
