/**
 * Random sessions, forks of forks, copies of one fork's bytes, repeated and growing results,
 * metadata that changes to and fro, discards: after every step the real thing reads what the oracle
 * says, every merge ends as the oracle says, and no chunk is read under other metadata than it was
 * written under.
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
import { runsOf } from "../runs.ts";
import { array } from "../unit/session/fixture.ts";
import { BASE_MEANING, current, MergeOracle, meaningOf, type OracleState } from "./merge-oracle.ts";

const KEYS = 4;
const LIVE_MAX = 8;
const MEANINGS = 2; // Few, so that it often is again what it was.
const RUNS = runsOf("MERGE_MODEL_RUNS", 80, 200);

interface Live {
  readonly real: Session | ForkSession;
  readonly oracle: OracleState;
}
interface Result {
  readonly bytes: Uint8Array;
  /** For merging alone. */
  readonly withoutOverlay: Uint8Array;
  readonly oracle: OracleState;
  readonly from: OracleState;
}

/** The fill value stands for all that gives chunks a meaning. */
const documentOf = (meaning: string): Uint8Array =>
  array([KEYS], [1], { fill_value: Number(meaning) });

async function emptyArray(): Promise<{ storage: Storage; session: Session }> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const setup = await repository.writableSession("main");
  await setup.store.set("a/zarr.json", documentOf(BASE_MEANING));
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
    if (action < 38) await this.#write(live, key, isDelete);
    else if (action < 45) await this.#retype(live, String(which % MEANINGS));
    else if (action < 60 && hasRoom) {
      this.live.push({ real: live.real.fork(), oracle: this.oracle.fork(live.oracle) });
    } else if (action < 72 && live.real instanceof ForkSession) {
      const bytes = live.real.toBytes();
      const withoutOverlay = live.real.toBytes({ overlay: "omit" });
      const oracle = this.oracle.bytes(live.oracle);
      this.results.push({ bytes, withoutOverlay, oracle, from: live.oracle });
    } else if (action < 78 && hasRoom && result !== undefined) {
      const real = await ForkSession.fromBytes(result.bytes, { storage: this.storage });
      this.live.push({ real, oracle: this.oracle.load(result.oracle) });
    } else if (action < 97 && result !== undefined && result.from !== live.oracle) {
      await this.#merge(live, result, policy, isDelete ? result.bytes : result.withoutOverlay);
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
    const value = `value ${this.#value++} under ${meaningOf(oracle)}`;
    await real.store.set(`a/c/${key}`, new TextEncoder().encode(value));
    this.oracle.write(oracle, key, value);
  }

  /** Gives chunks another meaning, and deletes those that are there, which do not have it. */
  async #retype({ real, oracle }: Live, meaning: string): Promise<void> {
    if (meaningOf(oracle) === meaning) return;
    this.counts["retyped"] = (this.counts["retyped"] ?? 0) + 1;
    await real.store.set("a/zarr.json", documentOf(meaning));
    this.oracle.writeMeaning(oracle, meaning);
    for (let key = 0; key < KEYS; key++) await this.#write({ real, oracle }, key, true);
  }

  async #merge(
    { real, oracle }: Live,
    result: Result,
    policy: Step["policy"],
    bytes: Uint8Array,
  ): Promise<void> {
    const expected = this.oracle.merge(oracle, result.oracle, policy);
    this.counts[expected] = (this.counts[expected] ?? 0) + 1;
    const found = await real.merge(bytes, { onOverlap: policy }).then(
      () => "merged",
      (error: unknown) => {
        if (isIcefloeError(error, "fork-base-mismatch")) return "base-mismatch";
        if (isIcefloeError(error, "merge-overlap")) return "overlap";
        if (isIcefloeError(error, "merge-failed")) return "metadata";
        throw error;
      },
    );
    expect(found).toBe(expected);
  }

  async check(): Promise<void> {
    for (const { real, oracle } of this.live) {
      const writes = current(oracle);
      const meaning = meaningOf(oracle);
      expect(await real.store.get("a/zarr.json")).toEqual(documentOf(meaning));
      for (let key = 0; key < KEYS; key++) {
        const bytes = await real.store.get(`a/c/${key}`);
        const found = bytes === undefined ? undefined : new TextDecoder().decode(bytes);
        expect(found).toBe(writes.get(key)?.value);
        if (found !== undefined) expect(found).toMatch(new RegExp(`under ${meaning}$`));
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
  expect(counts["metadata"]).toBeGreaterThan(0);
});
