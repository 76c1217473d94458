/**
 * Laws of sessions: what a manifest says does not depend on the order of the writes, versions
 * never change, and an operation that fails changes nothing.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEnvelope } from "../../src/format/envelope.ts";
import {
  ForkSession,
  isIcefloeError,
  memoryStorage,
  Repository,
  type Runtime,
  type Session,
} from "../../src/index.ts";
import { type FaultEffect, faultyStorage } from "../../src/testing/faulty-storage.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { runsOf } from "../runs.ts";
import { array, text } from "../unit/session/fixture.ts";
import { apply, contentOf, type Edit, edits, start } from "./hierarchy-edits.ts";

const RUNS = runsOf("SESSION_LAWS_RUNS", 30, 60);

/** Dice that say what they are told to, and can be told anew at any time. */
function injectedRuntime(): Runtime & { inject(seed: number): void } {
  let dice = simulatedRuntime({ seed: 1 });
  const clock = simulatedRuntime({ seed: 1 });
  return {
    nowMicros: clock.nowMicros,
    sleep: clock.sleep,
    randomBytes: (byteCount) => dice.randomBytes(byteCount),
    inject(seed) {
      dice = simulatedRuntime({ seed });
    },
  };
}

type Write =
  | { readonly kind: "inline" | "native" | "virtual"; readonly at: readonly [number, number] }
  | { readonly kind: "delete"; readonly at: readonly [number, number] };

const writes: fc.Arbitrary<Write[]> = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom(
      "inline" as const,
      "native" as const,
      "virtual" as const,
      "delete" as const,
    ),
    at: fc.tuple(fc.nat(5), fc.nat(3)),
  }),
  { minLength: 1, maxLength: 20, selector: ({ at }) => at.join() },
);

/** Writes one chunk; its id, if it needs one, depends on its coordinates alone. */
async function write(
  { store }: Session,
  runtime: ReturnType<typeof injectedRuntime>,
  { kind, at }: Write,
): Promise<void> {
  const key = `a/c/${at.join("/")}`;
  const number = 10 * at[0] + at[1];
  if (kind === "delete") return store.delete(key);
  if (kind === "virtual") {
    const location = `s3://bucket/file-${number % 3}`;
    const ref = { location, offset: number, length: 5, etag: `"${number % 4}"` };
    return store.setVirtualRef(key, ref, { validateContainer: false });
  }
  runtime.inject(1000 + number);
  await store.set(key, new Uint8Array(kind === "inline" ? 5 : 600).fill(number));
}

/** Payloads of all manifests after a commit of `each` in the given order. */
async function manifestsAfter(
  each: readonly Write[],
  { rewrites, splitChunks }: { rewrites: readonly Write[]; splitChunks: number },
): Promise<Record<string, Uint8Array>> {
  const runtime = injectedRuntime();
  const storage = memoryStorage({ runtime });
  const split = [["any_array", [{ condition: "Any" as const, num_chunks: splitChunks }]]];
  const config = { manifest: { splitting: { split_sizes: split as never } } };
  const repository = await Repository.create(storage, { runtime, config });
  const session = await repository.writableSession("main");
  runtime.inject(2);
  await session.store.set("a/zarr.json", array([6, 4], [1, 1]));
  // What is written again leaves no trace.
  for (const one of rewrites) await session.store.set(`a/c/${one.at.join("/")}`, Uint8Array.of(9));
  for (const one of each) await write(session, runtime, one);
  runtime.inject(3);
  await session.commit("writes");
  const payloads: Record<string, Uint8Array> = {};
  for await (const { path } of storage.list("manifests/")) {
    const file = (await storage.get(path))?.bytes as Uint8Array;
    const options = { object: path, fileType: "manifest" as const, bytesMax: 1 << 20 };
    payloads[path] = (await decodeEnvelope(file, options)).payload;
  }
  return payloads;
}

test("with the same ids, manifests do not depend on the order in which chunks were set", async () => {
  await fc.assert(
    fc.asyncProperty(
      writes.chain((each) =>
        fc.tuple(fc.constant(each), fc.shuffledSubarray(each, { minLength: each.length })),
      ),
      fc.constantFrom(1, 2, 3, 100),
      async ([each, shuffled], splitChunks) => {
        const straight = await manifestsAfter(each, { rewrites: [], splitChunks });

        const other = await manifestsAfter(shuffled, { rewrites: shuffled, splitChunks });

        expect(other).toEqual(straight);
      },
    ),
    { numRuns: RUNS },
  );
});

type Later = "commit" | "amend" | "flush" | "reset" | "delete" | "tag" | "config";
const later = fc.array(
  fc.record({
    what: fc.constantFrom<Later>("commit", "amend", "flush", "reset", "delete", "tag", "config"),
    edits,
  }),
  { minLength: 1, maxLength: 6 },
);

async function happen(
  repository: Repository,
  { what, edits: each }: { what: Later; edits: readonly Edit[] },
  number: number,
): Promise<void> {
  const tip = await repository.lookupBranch("main");
  if (what === "tag") return repository.createTag(`tag ${number}`, tip);
  if (what === "config") {
    return (
      await repository.reopen({ config: { inlineChunkThresholdBytes: number } })
    ).saveConfig();
  }
  if (what === "reset") {
    const history = await repository.ancestry("main").toArray();
    return repository.resetBranch("main", history.at(-2)?.id ?? tip);
  }
  if (what === "delete") {
    await repository.createBranch(`branch ${number}`, tip);
    return repository.deleteBranch(`branch ${number}`);
  }
  const session = await repository.writableSession("main");
  for (const edit of each) await apply(session, edit);
  if (session.hasUncommittedChanges) await session[what](`${what} ${number}`);
}

test("a version reads the same whatever happens later, in old sessions and in new ones", async () => {
  await fc.assert(
    fc.asyncProperty(edits, later, async (before, each) => {
      const { repository, session } = await start();
      for (const edit of before) await apply(session, edit);
      const id = await session.commit("the version", { allowEmpty: true });
      const early = await repository.readonlySession("main");
      const unread = await repository.readonlySession("main");
      const content = await contentOf(early);

      for (const [number, event] of each.entries()) await happen(repository, event, number);

      expect(await contentOf(early)).toEqual(content);
      expect(await contentOf(unread)).toEqual(content);
      const fresh = await Repository.open(repository.storage);
      expect(await contentOf(await fresh.readonlySession({ snapshotId: id }))).toEqual(content);
    }),
    { numRuns: RUNS },
  );
});

describe("an operation that fails", () => {
  /** Everything that can be told of a fork. */
  const told = async (fork: ForkSession) => ({
    content: await contentOf(fork),
    status: JSON.stringify(await fork.status()),
    bytes: fork.toBytes(),
  });

  test("leaves a fork as it was, to the last byte", async () => {
    const damaged = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(edits, edits, damaged, async (own, others, [at, xor]) => {
        const { session, storage } = await start();
        await session.store.set("z/zarr.json", array([4], [1])); // No edit touches it.
        const fork = session.fork();
        const other = session.fork();
        for (const edit of own) await apply(fork, edit);
        for (const edit of others) await apply(other, edit);
        await other.store.set("z/c/0", text("theirs"));
        await fork.store.set("z/c/0", text("ours"));
        const bytes = other.toBytes();
        const broken = bytes.slice();
        broken[at % bytes.length] = (broken[at % bytes.length] as number) ^ xor;
        const before = await told(fork);

        const refused = [
          () => fork.merge(broken),
          () => fork.merge(bytes),
          () => fork.merge([bytes, broken], { onOverlap: "theirs" }),
          () => fork.store.set("z/c/99", text("outside")),
          () => fork.store.set("z/c/0/0", text("another rank")),
          () => fork.store.set("z/c/0", new Uint8Array(0)),
          () => fork.store.set("nowhere/c/0", text("no array")),
          () => fork.store.set("z/zarr.json", text("no JSON")),
          () => fork.commit(),
        ];
        for (const work of refused) {
          await expect(work()).rejects.toSatisfy((error) => isIcefloeError(error));
          expect(await told(fork)).toEqual(before);
        }
        const copy = await ForkSession.fromBytes(before.bytes, { storage });
        expect(await contentOf(copy)).toEqual(before.content);
      }),
      { numRuns: RUNS },
    );
  });

  test("leaves a session as it was, and committing it later does what it would have done", async () => {
    const faults = fc.record({
      effect: fc.constantFrom<FaultEffect>("fail-before", "throttle"),
      nth: fc.integer({ min: 1, max: 8 }),
    });
    let failures = 0;
    await fc.assert(
      fc.asyncProperty(edits, edits, faults, async (own, others, { effect, nth }) => {
        const { storage, session: theirs } = await start();
        let isArmed = false;
        const rule = { effect, nth, timesMax: 1, path: () => isArmed };
        const faulty = faultyStorage(storage, { faults: [rule] });
        const repository = await Repository.open(faulty);
        const session = await repository.writableSession("main");
        await session.store.set("z/zarr.json", array([4], [1]));
        await session.store.set("z/c/1", text("ours"));
        for (const edit of own) await apply(session, edit);
        for (const edit of others) await apply(theirs, edit);
        const before = await contentOf(session);
        const status = JSON.stringify(await session.status());
        isArmed = true;
        const failed = await session.commit("ours").then(
          () => false,
          (error: unknown) => {
            expect(isIcefloeError(error, "object-store")).toBe(true);
            return true;
          },
        );
        isArmed = false;
        if (!failed) return;
        failures++;

        expect(await contentOf(session)).toEqual(before);
        expect(JSON.stringify(await session.status())).toBe(status);
        expect(session.hasUncommittedChanges).toBe(true);
        if (theirs.hasUncommittedChanges) {
          await theirs.commit("theirs");
          await expect(session.commit("ours")).rejects.toMatchObject({ kind: "commit-conflict" });
          expect(await contentOf(session)).toEqual(before);
        } else {
          await session.commit("ours");
          const reader = await (await Repository.open(storage)).readonlySession("main");
          expect(await contentOf(reader)).toEqual(before);
        }
      }),
      { numRuns: RUNS },
    );
    expect(failures).toBeGreaterThan(RUNS / 4);
  });
});
