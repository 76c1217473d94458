/** The probe tells storages that keep conditions from those that only look so. */
import { expect, test } from "vitest";
import { makeError } from "../../src/base/errors.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import {
  type PutBody,
  type PutOptions,
  type PutOutcome,
  type Storage,
  sameVersion,
} from "../../src/storage/port.ts";
import { probeConditionalWrites } from "../../src/storage/probe.ts";
import { withPrefix } from "../../src/storage/with-prefix.ts";
import { countingStorage } from "../../src/testing/counting-storage.ts";

type Put = (
  inner: Storage,
  path: string,
  body: PutBody,
  options: PutOptions,
) => Promise<PutOutcome>;

/** A storage in memory with another `put`, and the paths that are in it. */
function storageWith(put: Put): { readonly storage: Storage; paths(): Promise<string[]> } {
  const inner = memoryStorage();
  const storage: Storage = Object.assign(withPrefix(inner, "root"), {
    put: (path: string, body: PutBody, options: PutOptions) =>
      put(inner, `root/${path}`, body, options),
  });
  return { storage, paths: () => pathsIn(inner) };
}

async function pathsIn(storage: Storage): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of storage.list("")) paths.push(path);
  return paths;
}

/** Right one at a time, and several winners in a race: looks, and then writes. */
const checkThenWrite: Put = async (inner, path, body, { condition, ...options }) => {
  const info = await inner.head(path);
  const holds =
    condition === undefined ||
    ("ifAbsent" in condition
      ? info === undefined
      : info !== undefined && sameVersion(info.version, condition.ifMatch));
  return holds ? inner.put(path, body, options) : { outcome: "condition-failed" };
};

const isCreate = ({ condition }: PutOptions): boolean =>
  condition !== undefined && "ifAbsent" in condition;
const isUpdate = ({ condition }: PutOptions): boolean =>
  condition !== undefined && "ifMatch" in condition;

/** The first object of a probe is tried by one put after another. */
const isInRace = (path: string, { condition }: PutOptions): boolean =>
  !path.endsWith(".0") && condition !== undefined;

test("a storage that keeps conditions is found to, and left as it was", async () => {
  const storage = memoryStorage();

  const report = await probeConditionalWrites(storage);

  expect(report).toEqual({ conditionalCreate: true, conditionalUpdate: true, problems: [] });
  expect(await pathsIn(storage)).toEqual([]);
});

test("a storage that ignores conditions is found out, and left as it was", async () => {
  const { storage, paths } = storageWith((inner, path, body) =>
    inner.put(path, body, { objectKind: "other" }),
  );

  const report = await probeConditionalWrites(storage);

  expect(report.conditionalCreate).toBe(false);
  expect(report.conditionalUpdate).toBe(false);
  expect(report.problems).toEqual([
    "create where an object is: written, expected condition-failed",
    "update of an old version: written, expected condition-failed",
  ]);
  expect(await paths()).toEqual([]);
});

test("a storage that looks before it writes is found out by its races, and left as it was", async () => {
  const { storage, paths } = storageWith(checkThenWrite);

  const report = await probeConditionalWrites(storage);

  expect(report).toEqual({
    conditionalCreate: false,
    conditionalUpdate: false,
    problems: [
      "20 creators at once: 20 were told that they had won",
      "20 updaters at once: 20 were told that they had won",
    ],
  });
  expect(await paths()).toEqual([]);
});

test.each([
  ["creates", isCreate, { conditionalCreate: false, conditionalUpdate: true }],
  ["updates", isUpdate, { conditionalCreate: true, conditionalUpdate: false }],
])("a storage whose %s alone race is told so", async (_, isRacy, expected) => {
  const { storage } = storageWith((inner, path, body, options) =>
    isRacy(options) ? checkThenWrite(inner, path, body, options) : inner.put(path, body, options),
  );

  expect(await probeConditionalWrites(storage)).toMatchObject(expected);
});

test("a storage that tells one writer it won, and keeps the bytes of another, is found out", async () => {
  const { storage } = storageWith(async (inner, path, body, options) => {
    const done = await inner.put(path, body, options);
    if (options.condition !== undefined && done.outcome === "condition-failed")
      await inner.put(path, body, { objectKind: "other" });
    return done;
  });

  const report = await probeConditionalWrites(storage);

  expect(report.problems).toContain(
    "20 creators at once: what stands there is not what the winner wrote",
  );
});

test("a storage that lets nobody win a race is found out", async () => {
  const { storage } = storageWith(async (inner, path, body, options) => {
    if (isInRace(path, options)) return { outcome: "condition-failed" };
    return inner.put(path, body, options);
  });

  expect((await probeConditionalWrites(storage)).problems).toEqual([
    "20 creators at once: what stands there is not what any of them wrote",
    "20 updaters at once: what stands there is not what any of them wrote",
  ]);
});

test("a winner whose reply is lost is a winner all the same", async () => {
  let lost = 0;
  const { storage } = storageWith(async (inner, path, body, options) => {
    const done = await inner.put(path, body, options);
    if (!isInRace(path, options) || done.outcome !== "written") return done;
    lost++;
    throw makeError("unknown-outcome", "the reply was lost");
  });

  const report = await probeConditionalWrites(storage);

  expect(lost).toBe(10);
  expect(report).toEqual({ conditionalCreate: true, conditionalUpdate: true, problems: [] });
});

test("a storage that refuses a condition is told so, and races for the other", async () => {
  const { storage } = storageWith(async (inner, path, body, options) => {
    if (isCreate(options)) throw makeError("condition-not-supported", "no ifAbsent here");
    return inner.put(path, body, options);
  });

  expect(await probeConditionalWrites(storage)).toEqual({
    conditionalCreate: false,
    conditionalUpdate: true,
    problems: ["create where nothing is: refused"],
  });
});

test("a failure of the storage rejects, and leaves nothing behind", async () => {
  let puts = 0;
  const { storage, paths } = storageWith(async (inner, path, body, options) => {
    if (++puts === 13) throw makeError("storage-other", "the disk is full");
    return inner.put(path, body, options);
  });

  await expect(probeConditionalWrites(storage)).rejects.toMatchObject({
    kind: "storage-other",
  });
  expect(await paths()).toEqual([]);
});

test("an abort ends the probe, and leaves nothing behind", async () => {
  const controller = new AbortController();
  let puts = 0;
  const { storage, paths } = storageWith(async (inner, path, body, options) => {
    if (++puts === 13) controller.abort("enough");
    options.signal?.throwIfAborted();
    return inner.put(path, body, options);
  });

  const probing = probeConditionalWrites(storage, { signal: controller.signal });

  await expect(probing).rejects.toBe("enough");
  expect(await paths()).toEqual([]);
});

test("a probe makes 220 requests", async () => {
  const storage = countingStorage(memoryStorage());

  await probeConditionalWrites(storage);

  expect(storage.total.requests).toBe(220);
});
