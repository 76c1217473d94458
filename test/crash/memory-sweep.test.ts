/**
 * Every operation, stopped or failed at each single request that it makes: the old state or the
 * new, nothing between; what is left over can be found and removed; committing goes on.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { memoryStorage, type Storage } from "../../src/index.ts";
import { type FaultEffect, faultyStorage } from "../../src/testing/faulty-storage.ts";
import { chunk } from "../unit/session/fixture.ts";
import { leftoversIn } from "./leftovers.ts";
import { build, OPERATIONS, type Operation, open, stateOf } from "./world.ts";

const REQUESTS_MAX = 200;

let original: Storage;
let oldState: unknown;
beforeAll(async () => {
  original = memoryStorage();
  await build(original);
  oldState = await stateOf(original);
});

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for await (const { path } of storage.list("")) {
    const found = await storage.get(path);
    await copy.put(path, found?.bytes ?? new Uint8Array(0), { objectKind: "other" });
  }
  return copy;
}

/** Runs `operation` with its request number `nth` (from 1) going wrong; false if it made fewer. */
async function runWithFault(
  storage: Storage,
  operation: Operation,
  effect: FaultEffect,
  nth: number,
): Promise<{ struck: boolean; error: unknown }> {
  const faulty = faultyStorage(storage, { faults: [{ effect, nth }] });
  let error: unknown;
  try {
    await operation(await open(faulty, 5), faulty);
  } catch (thrown) {
    error = thrown;
  }
  return { struck: faulty.injected.length > 0, error };
}

async function newStateOf(operation: Operation): Promise<unknown> {
  const storage = await copyOf(original);
  await operation(await open(storage, 5), storage);
  return stateOf(storage);
}

/** Removes what nothing refers to, and commits once more. */
async function expectUsable(storage: Storage, state: unknown): Promise<number> {
  const leftovers = await leftoversIn(storage);
  await storage.delete(leftovers);
  expect(await leftoversIn(storage)).toEqual([]);
  expect(await stateOf(storage)).toEqual(state);

  const repository = await open(storage, 6);
  const session = await repository.writableSession("main");
  await session.store.set("a/c/7", chunk(33, 7));
  const id = await session.commit("went on");
  const reread = await (await open(storage, 7)).readonlySession("main");
  expect(reread.snapshotId).toBe(id);
  expect(await reread.store.get("a/c/7")).toEqual(chunk(33, 7));
  expect(await leftoversIn(storage)).toEqual([]);
  return leftovers.length;
}

describe.each(Object.entries(OPERATIONS))("%s", (name, operation) => {
  test.each(["stop-before", "stop-after"] as const)(
    "with the process stopped (%s) at each request leaves the old state or the new",
    async (effect) => {
      const newState = await newStateOf(operation);
      const seen = { old: 0, new: 0 };
      let leftovers = 0;
      for (let nth = 1; nth <= REQUESTS_MAX; nth++) {
        const storage = await copyOf(original);
        const { struck, error } = await runWithFault(storage, operation, effect, nth);
        if (!struck) break;

        const state = await stateOf(storage);
        const isNew = JSON.stringify(state) === JSON.stringify(newState);
        expect(state).toEqual(isNew ? newState : oldState);
        if (error === undefined) expect(isNew).toBe(true);
        seen[isNew ? "new" : "old"]++;
        leftovers += await expectUsable(storage, state);
      }

      expect(seen.old).toBeGreaterThan(0);
      // Only the last request's reply may be lost after the fact.
      expect(seen.new).toBeLessThanOrEqual(effect === "stop-after" ? 2 : 1);
      expect(leftovers).toBeGreaterThan(0);
      expect(newState).not.toEqual(oldState);
    },
  );

  test.each(["fail-before", "throttle", "lost-reply", "duplicate"] as const)(
    "with a request that goes wrong (%s) says what happened",
    async (effect) => {
      const newState = await newStateOf(operation);
      for (let nth = 1; nth <= REQUESTS_MAX; nth++) {
        const storage = await copyOf(original);
        const { struck, error } = await runWithFault(storage, operation, effect, nth);
        if (!struck) break;

        const state = await stateOf(storage);
        if (error === undefined) expect(state, `${name}, request ${nth}`).toEqual(newState);
        else {
          expect(isIcefloeError(error), `${name}, request ${nth}: ${error}`).toBe(true);
          const isUnknown = isIcefloeError(error, "unknown-outcome");
          if (!isUnknown) expect(state, `${name}, request ${nth}`).toEqual(oldState);
        }
        await expectUsable(storage, state);
      }
    },
  );
});
