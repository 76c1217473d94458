/**
 * Random sessions, forks of forks, copies of one fork's bytes, repeated and growing results,
 * discards: after every step the real thing reads what the oracle says, and every merge ends as
 * the oracle says.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ForkSession,
  isIcefloeError,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
} from "../../src/index.ts";
import { createArray } from "../../src/zarr/index.ts";
import { runsOf } from "../runs.ts";
import { current, MergeOracle, type OracleState } from "./merge-oracle.ts";

const KEYS = 4;
const LIVE_MAX = 8;
const RUNS = runsOf("MERGE_MODEL_RUNS", 80, 200);

interface Live {
  readonly real: Session | ForkSession;
  readonly oracle: OracleState;
}
interface Result {
  readonly bytes: Uint8Array;
  readonly oracle: OracleState;
  readonly from: OracleState;
}

async function emptyArray(): Promise<{ storage: Storage; session: Session }> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const setup = await repository.writableSession("main");
  await createArray(setup.store, "/a", { shape: [KEYS], chunkShape: [1], dtype: "uint8" });
  await setup.commit("array");
  return { storage, session: await repository.writableSession("main") };
}

const step = fc.record({
  action: fc.nat(99),
  who: fc.nat(),
  which: fc.nat(),
  key: fc.nat(KEYS - 1),
  isDelete: fc.boolean(),
  policy: fc.constantFrom("error" as const, "error" as const, "ours" as const, "theirs" as const),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly oracle = new MergeOracle();
  readonly live: Live[] = [];
  readonly results: Result[] = [];
  readonly counts: Record<string, number>;
  readonly storage: Storage;
  #value = 0;

  constructor(storage: Storage, session: Session, counts: Record<string, number>) {
    this.storage = storage;
    this.counts = counts;
    this.live.push({ real: session, oracle: this.oracle.fresh() });
  }

  async apply({ action, who, which, key, isDelete, policy }: Step): Promise<void> {
    const live = this.live[who % this.live.length] as Live;
    const result = this.results[which % Math.max(1, this.results.length)];
    const hasRoom = this.live.length < LIVE_MAX;
    if (action < 45) await this.#write(live, key, isDelete);
    else if (action < 60 && hasRoom) {
      this.live.push({ real: live.real.fork(), oracle: this.oracle.fork(live.oracle) });
    } else if (action < 72 && live.real instanceof ForkSession) {
      const bytes = live.real.toBytes();
      this.results.push({ bytes, oracle: this.oracle.bytes(live.oracle), from: live.oracle });
    } else if (action < 78 && hasRoom && result !== undefined) {
      const real = await ForkSession.fromBytes(result.bytes, { storage: this.storage });
      this.live.push({ real, oracle: this.oracle.load(result.oracle) });
    } else if (action < 97 && result !== undefined && result.from !== live.oracle) {
      await this.#merge(live, result, policy);
    } else if (action >= 97) {
      live.real.discardChanges();
      this.oracle.discard(live.oracle);
    }
  }

  async #write({ real, oracle }: Live, key: number, isDelete: boolean): Promise<void> {
    if (isDelete) {
      await real.store.delete(`a/c/${key}`);
      this.oracle.write(oracle, key, undefined);
      return;
    }
    const value = `value ${this.#value++}`;
    await real.store.set(`a/c/${key}`, new TextEncoder().encode(value));
    this.oracle.write(oracle, key, value);
  }

  async #merge({ real, oracle }: Live, result: Result, policy: Step["policy"]): Promise<void> {
    const expected = this.oracle.merge(oracle, result.oracle, policy);
    this.counts[expected] = (this.counts[expected] ?? 0) + 1;
    const found = await real.merge(result.bytes, { onOverlap: policy }).then(
      () => "merged",
      (error: unknown) => {
        if (isIcefloeError(error, "fork-base-mismatch")) return "base-mismatch";
        if (isIcefloeError(error, "merge-overlap")) return "overlap";
        throw error;
      },
    );
    expect(found).toBe(expected);
  }

  async check(): Promise<void> {
    for (const { real, oracle } of this.live) {
      const writes = current(oracle);
      for (let key = 0; key < KEYS; key++) {
        const bytes = await real.store.get(`a/c/${key}`);
        const found = bytes === undefined ? undefined : new TextDecoder().decode(bytes);
        expect(found).toBe(writes.get(key)?.value);
      }
    }
  }
}

test("merging agrees with the oracle that knows every write's causal past", async () => {
  const counts: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 60 }), async (steps) => {
      const { storage, session } = await emptyArray();
      const run = new Run(storage, session, counts);
      for (const one of steps) {
        await run.apply(one);
        await run.check();
      }
    }),
    { numRuns: RUNS },
  );
  console.log(`merge model: ${RUNS} runs, ${JSON.stringify(counts)}`);
  expect(counts["merged"]).toBeGreaterThan(0);
  expect(counts["overlap"]).toBeGreaterThan(0);
  expect(counts["base-mismatch"]).toBeGreaterThan(0);
});
