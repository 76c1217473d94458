/** What else happens to a session while a `parallelWrite` runs: nothing that workers write is lost unheard. */
import { expect, test } from "vitest";
import { memoryStorage, Repository, type Session } from "../../../src/index.ts";
import { defineWorker, parallelWrite } from "../../../src/parallel/index.ts";
import { createArray, writeRegion } from "../../../src/zarr/index.ts";
import { rejection } from "../session/fixture.ts";
import { filled } from "./fixture.ts";

async function repositoryWithArray(): Promise<Repository> {
  const repository = await Repository.create(memoryStorage());
  const setup = await repository.writableSession("main");
  await createArray(setup.store, "/a", { shape: [8], chunkShape: [1], dtype: "int32" });
  await setup.commit("array");
  return repository;
}

const writeAt = (store: Session["store"], at: number): Promise<void> =>
  writeRegion(store, "/a", { region: [{ start: at, end: at + 1 }], data: Int32Array.of(at + 1) });

const worker = defineWorker<number>(({ fork, task }) =>
  writeRegion(fork.store, "/a", {
    region: [{ start: task, end: task + 1 }],
    data: Int32Array.of(task + 1),
  }),
);

/** A worker that does nothing before `open` is called. */
function heldWorker() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const held = defineWorker<number>(async (input) => {
    await opened;
    await worker.work(input);
  });
  return { held, open: () => open() };
}

test.each([
  ["commit", (session: Session) => session.commit("early")],
  ["flush", (session: Session) => session.flush("early")],
  ["amend", (session: Session) => session.amend("early")],
  ["rebase", (session: Session) => session.rebase()],
])("%s is refused, and works after it with everything", async (_, call) => {
  const session = await (await repositoryWithArray()).writableSession("main");
  await writeAt(session.store, 7);

  const running = parallelWrite(session, { worker, tasks: [0, 1] });
  const error = await rejection(call(session));
  await writeAt(session.store, 6);
  await running;

  expect(error).toMatchObject({
    kind: "session-busy",
    details: { activity: "parallelWrite" },
  });
  await call(session);
  expect(await filled(session)).toEqual([0, 1, 6, 7]);
});

test("a transaction that does not await it fails", async () => {
  const repository = await repositoryWithArray();
  const { held, open } = heldWorker();
  let forgotten: Promise<unknown> = Promise.resolve();

  const error = await rejection(
    repository.transaction(
      "main",
      async (session) => {
        forgotten = parallelWrite(session, { worker: held, tasks: [0, 1] });
      },
      { message: "nothing" },
    ),
  );

  expect(error).toMatchObject({
    kind: "writes-in-flight",
    details: { writes: ["parallelWrite"] },
  });
  open();
  await forgotten;
});

test("it rejects where its session has ended before it", async () => {
  const repository = await repositoryWithArray();
  const { held, open } = heldWorker();
  let running: Promise<unknown> = Promise.resolve();

  const transaction = repository.transaction(
    "main",
    async (session) => {
      running = parallelWrite(session, { worker: held, tasks: [0, 1] });
      running.catch(() => undefined);
      throw new Error("changed my mind");
    },
    { message: "nothing" },
  );

  await expect(transaction).rejects.toThrow("changed my mind");
  open();
  expect(await rejection(running)).toMatchObject({ kind: "read-only-session" });
});

test("two run at once on one session", async () => {
  const session = await (await repositoryWithArray()).writableSession("main");

  await Promise.all([
    parallelWrite(session, { worker, tasks: [0, 1] }),
    parallelWrite(session, { worker, tasks: [2, 3] }),
  ]);

  await session.commit("both");
  expect(await filled(session)).toEqual([0, 1, 2, 3]);
});

test("a worker that does not await one on its fork fails", async () => {
  const session = await (await repositoryWithArray()).writableSession("main");
  const { held, open } = heldWorker();
  const inner: Promise<unknown>[] = [];
  const outer = defineWorker(async ({ fork }) => {
    inner.push(parallelWrite(fork as unknown as Session, { worker: held, tasks: [0] }));
  });

  const error = await rejection(
    parallelWrite(session, { worker: outer, tasks: [0], retriesPerTask: 0 }),
  );

  expect(error.cause).toMatchObject({ kind: "writes-in-flight" });
  open();
  await Promise.allSettled(inner);
});
