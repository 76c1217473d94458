/** Seeded simulations of many actors in bad weather; `npm run sim` runs as many as it is told. */
import { describe, expect, test } from "vitest";
import type { Storage } from "../../src/index.ts";
import { runsOf } from "../runs.ts";
import { REGRESSION_SEEDS } from "./regressions.ts";
import { simulate } from "./simulation.ts";

const SEEDS = runsOf("SIM_SEEDS", 12, 25);
const FIRST = Number(process.env["SEED"] ?? 1);

test("nothing acknowledged is lost, nothing published changes, in any weather", async () => {
  let transitions = 0;
  let deaths = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const report = await simulate(seed);
    transitions += report.transitions;
    deaths += report.deaths;
  }

  expect(transitions).toBeGreaterThan(5 * SEEDS);
  expect(deaths).toBeGreaterThan(0);
});

test.each(REGRESSION_SEEDS)("seed %d, which failed once, does so no more", async (seed) => {
  await simulate(seed);
});

test("one seed is one history, another seed another", async () => {
  const first = await simulate(FIRST, { keepTrace: true });
  const again = await simulate(FIRST, { keepTrace: true });
  const other = await simulate(FIRST + 1);

  expect(again.trace).toEqual(first.trace);
  expect(again.digest).toBe(first.digest);
  expect(other.digest).not.toBe(first.digest);
});

describe("the auditor notices a storage that", () => {
  const REPO = "repo";
  /** `storage` with another `put`. */
  const withPut = (put: (storage: Storage, ...args: Parameters<Storage["put"]>) => unknown) => {
    return (storage: Storage): Storage =>
      Object.assign(Object.create(storage), {
        capabilities: storage.capabilities,
        get: storage.get.bind(storage),
        getIfChanged: storage.getIfChanged.bind(storage),
        head: storage.head.bind(storage),
        copy: storage.copy.bind(storage),
        list: storage.list.bind(storage),
        delete: storage.delete.bind(storage),
        put: (...args: Parameters<Storage["put"]>) => put(storage, ...args),
      });
  };
  /** Whether any of a few seeds fails. */
  async function isNoticed(sabotage: (storage: Storage) => Storage): Promise<boolean> {
    for (let seed = FIRST; seed < FIRST + 10; seed++) {
      const failure = await simulate(seed, { sabotage }).catch((error: unknown) => error);
      if (failure instanceof Error) return true;
    }
    return false;
  }

  test("ignores conditions", async () => {
    const sabotage = withPut((storage, path, body, { condition: _, ...options }) =>
      storage.put(path, body, options),
    );

    expect(await isNoticed(sabotage)).toBe(true);
  });

  test("acknowledges what it does not store", async () => {
    let puts = 0;
    const sabotage = withPut(async (storage, path, body, options) => {
      if (path !== REPO || ++puts % 5 > 0) return storage.put(path, body, options);
      return { outcome: "written", version: { etag: "lie" } };
    });

    expect(await isNoticed(sabotage)).toBe(true);
  });

  test("changes a chunk on its way", async () => {
    const sabotage = withPut((storage, path, body, options) => {
      const isChunk = path.startsWith("chunks/");
      return storage.put(
        path,
        isChunk && body instanceof Uint8Array ? body.map((byte) => byte ^ 1) : body,
        options,
      );
    });

    expect(await isNoticed(sabotage)).toBe(true);
  });
});
