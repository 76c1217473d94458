/** What could not be read back is not written: neither a snapshot nor `repo` itself. */
import { expect, test } from "vitest";
import { memoryStorage, Repository } from "../../../src/index.ts";
import { array, rejection } from "../session/fixture.ts";

const metadataBytesMax = 6_000;

test("a commit that would be too large to read is refused and leaves the session as it was", async () => {
  const storage = memoryStorage();
  const repository = await Repository.create(storage, { metadataBytesMax });
  const session = await repository.writableSession("main");
  await session.store.set("zarr.json", array([1], [1]));
  const error = await rejection(session.commit("x".repeat(metadataBytesMax)));
  expect(error.kind).toBe("serialization");
  expect(error.details).toMatchObject({ bytesMax: metadataBytesMax });
  await session.commit("short");
  expect(await (await Repository.open(storage, { metadataBytesMax })).listBranches()).toEqual([
    "main",
  ]);
});

test("`repo` never grows past what can be read", async () => {
  const storage = memoryStorage();
  const repository = await Repository.create(storage, { metadataBytesMax });
  const tip = await repository.lookupBranch("main");
  const made = ["main"];
  let refused: unknown;
  for (let at = 0; refused === undefined; at++) {
    const name = `${at}`.padStart(200, "b");
    await repository.createBranch(name, tip).then(
      () => made.push(name),
      (error: unknown) => {
        refused = error;
      },
    );
  }
  expect(refused).toMatchObject({ kind: "serialization", details: { object: "repo" } });
  const reopened = await Repository.open(storage, { metadataBytesMax });
  expect(await reopened.listBranches()).toEqual(made.sort());
});
