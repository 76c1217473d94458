/** Helpers of one session at once, and a commit in the middle of them has all, an abort leaves all or nothing. */
import { describe, expect, test } from "vitest";
import type { Repository, Session } from "../../../src/index.ts";
import {
  append,
  createArray,
  createGroup,
  resize,
  updateAttributes,
  writeRegion,
} from "../../../src/zarr/index.ts";
import { kindOf, repositoryWithArray, textOf } from "../session/fixture.ts";

async function place(): Promise<{ repository: Repository; session: Session }> {
  const { repository, session: setup } = await repositoryWithArray();
  await createArray(setup.store, "/x", { shape: [8], chunkShape: [2], dtype: "uint8" });
  await writeRegion(setup.store, "/x", { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
  await setup.commit("x");
  return { repository, session: await repository.writableSession("main") };
}
const documentOf = async (session: Session, path: string) =>
  JSON.parse(textOf(await session.store.get(`${path.slice(1)}/zarr.json`)) as string);

describe("a commit in the middle of", () => {
  test.each<[string, (session: Session) => Promise<unknown>, string[]]>([
    [
      "an overwriting createArray has the new array",
      (s) => createArray(s.store, "/x", { shape: [3], dtype: "int8", overwrite: true }),
      ["zarr.json", "a/zarr.json", "x/zarr.json"],
    ],
    [
      "a resize has both its parts",
      (s) => resize(s.store, "/x", [3]),
      ["zarr.json", "a/zarr.json", "x/zarr.json", "x/c/0", "x/c/1"],
    ],
    [
      "a createArray has its groups and itself",
      (s) => createArray(s.store, "/p/q/r", { shape: [3], dtype: "int8" }),
      [
        ...["zarr.json", "a/zarr.json", "p/zarr.json", "p/q/zarr.json", "p/q/r/zarr.json"],
        ...["x/zarr.json", "x/c/0", "x/c/1", "x/c/2", "x/c/3"],
      ],
    ],
  ])("%s", async (_, edit, expected) => {
    for (let steps = 0; steps < 60; steps++) {
      const { session } = await place();
      const editing = edit(session);
      for (let step = 0; step < steps; step++) await undefined;
      await session.commit("in between", { allowEmpty: true });
      await editing;
      expect(await session.store.list().toArray()).toEqual(expected);
    }
  });
});

describe("tasks of one session", () => {
  test("lose no attribute, however they interleave with others' writes", async () => {
    const { session } = await place();
    await Promise.all([
      ...Array.from({ length: 20 }, (_, at) =>
        updateAttributes(session.store, "/x", { [`n${at}`]: at }),
      ),
      resize(session.store, "/x", [20]),
      ...Array.from({ length: 5 }, (_, at) => createGroup(session.store, `/g/k${at}`)),
    ]);
    const x = await documentOf(session, "/x");
    expect(Object.keys(x.attributes)).toHaveLength(20);
    expect(x.shape).toEqual([20]);
    expect(await session.store.listDir("g").toArray()).toHaveLength(6);
  });

  test("an array made anew is not undone by one that changes the old one's attributes", async () => {
    for (let steps = 0; steps < 30; steps++) {
      const { session } = await place();
      const update = updateAttributes(session.store, "/x", { late: true });
      for (let step = 0; step < steps; step++) await undefined;
      await createArray(session.store, "/x", { shape: [3], dtype: "int16", overwrite: true });
      await update;
      expect(await documentOf(session, "/x")).toMatchObject({ data_type: "int16", shape: [3] });
    }
  });

  test("appends and regions of one chunk add up", async () => {
    const { session } = await place();
    await Promise.all([
      ...Array.from({ length: 7 }, (_, at) =>
        append(session.store, "/x", { data: Uint8Array.of(10 + at) }),
      ),
      ...Array.from({ length: 8 }, (_, at) =>
        writeRegion(session.store, "/x", { region: [at], data: Uint8Array.of(at + 100) }),
      ),
    ]);
    expect((await documentOf(session, "/x")).shape).toEqual([15]);
    const values: number[] = [];
    for (let at = 0; at < 8; at++) {
      const { bytes } = await chunkAt(session, at);
      values.push(...bytes);
    }
    expect(values.slice(0, 8)).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
    expect(values.slice(8, 15).sort()).toEqual([10, 11, 12, 13, 14, 15, 16]);
  });

  /** Decoded elements of a chunk, by way of a copy that is not compressed. */
  async function chunkAt(session: Session, at: number): Promise<{ bytes: number[] }> {
    const { zstdDecompressSync } = await import("node:zlib").then(
      (zlib) => zlib as never as { zstdDecompressSync?: (b: Uint8Array) => Uint8Array },
    );
    const stored = (await session.store.get(`x/c/${at}`)) as Uint8Array;
    if (zstdDecompressSync !== undefined) return { bytes: [...zstdDecompressSync(stored)] };
    const { decompressZstd } = await import("../../../src/codec/zstd/zstd.ts");
    return { bytes: [...(await decompressZstd(stored, { bytesMax: 100 }))] };
  }
});

describe("an abort in the middle of", () => {
  test("a resize leaves all or nothing changed", async () => {
    for (let steps = 0; steps < 40; steps += 2) {
      const { session } = await place();
      const abort = new AbortController();
      const editing = resize(session.store, "/x", [3], { signal: abort.signal }).catch((e) => e);
      for (let step = 0; step < steps; step++) await undefined;
      abort.abort("enough");
      const outcome = await editing;
      const keys = await session.store.list().toArray();
      const isShrunk = (await documentOf(session, "/x")).shape[0] === 3;
      expect(keys.filter((key) => key.startsWith("x/c/"))).toHaveLength(isShrunk ? 2 : 4);
      expect([undefined, "enough"]).toContain(outcome);
      if (outcome === undefined) expect(isShrunk).toBe(true);
    }
  });

  test("a createArray that is aborted at once does nothing", async () => {
    const { session } = await place();
    const signal = AbortSignal.abort("enough");
    const options = { shape: [1], dtype: "int8", overwrite: true, signal } as const;
    await expect(createArray(session.store, "/x", options)).rejects.toBe("enough");
    expect(session.hasUncommittedChanges).toBe(false);
    expect(await kindOf(createArray(session.store, "/x", { shape: [1], dtype: "int8" }))).toBe(
      "node-already-exists",
    );
  });
});
