/** Columns of virtual references with empty locations, beside the official engine. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryStorage, Repository, type Session } from "../../src/index.ts";
import { apply, arrayJson, set } from "./content.ts";
import { type Oracle, pythonOracle } from "./oracle.ts";

let python: Oracle;
beforeAll(() => {
  python = pythonOracle();
});
afterAll(() => python.close());

const STEPS = [set("a/zarr.json", arrayJson([8], [1])), set("a/c/1", "x"), set("a/c/3", "x")];

async function chunksOf(session: Session): Promise<unknown[]> {
  const chunks = await session.store.arrayChunks("a").toArray();
  return chunks.map(({ coordinates, type }) => [coordinates, type]);
}

test.each([
  [
    ["s3://b/x", "", "s3://b/y", ""],
    [5, 0, 6, 7],
  ],
  [
    ["", "", "", ""],
    [0, 0, 0, 0],
  ],
  [
    ["s3://b/x", "s3://b/x", "s3://b/x", "s3://b/x"],
    [1, 2, 3, 4],
  ],
])("locations %j leave the same chunks on both sides", async (locations, lengths) => {
  const gridShape = [4];
  const offsets = [0, 1, 2, 3];
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  await apply(session.store, STEPS);

  await session.store.setVirtualRefColumns(
    "/a",
    {
      gridShape,
      locations,
      offsets: Float64Array.from(offsets),
      lengths: Float64Array.from(lengths),
    },
    { validateContainer: false },
  );

  const columns = { gridShape, locations, offsets, lengths };
  const theirs = await python.call("virtualColumns", { steps: STEPS, array: "/a", ...columns });
  expect(await chunksOf(session)).toEqual(theirs);
});

test("neither side takes an empty location one by one", async () => {
  const ref = { location: "", offset: 0, length: 1 };
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  await apply(session.store, STEPS);
  const set = session.store.setVirtualRef("a/c/0", ref, { validateContainer: false });

  await expect(set).rejects.toMatchObject({ kind: "invalid-virtual-ref" });
  const steps = [...STEPS, { virtual: "a/c/0", ...ref }];
  await expect(python.call("keysAfter", { committed: [], steps })).rejects.toThrow("virtual ref");
});
