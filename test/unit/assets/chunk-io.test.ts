import { describe, expect, it } from "vitest";
import { createChunkIo } from "../../../src/assets/chunk-io.ts";
import { createLimiter } from "../../../src/base/concurrency.ts";
import { makeError } from "../../../src/base/errors.ts";
import { systemRuntime } from "../../../src/base/runtime.ts";
import { objectIdFromBytes } from "../../../src/format/ids.ts";
import type { NativeRef } from "../../../src/format/manifest/chunk-ref.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { type RecordingStorage, recordingStorage } from "./recording-storage.ts";

const BYTES = Uint8Array.of(10, 11, 12, 13, 14, 15, 16, 17);

async function chunkIo(cacheBytesMax = 0): Promise<{
  chunks: ReturnType<typeof createChunkIo>;
  storage: RecordingStorage;
  ref: NativeRef;
}> {
  const storage = recordingStorage(memoryStorage());
  const requests = createLimiter(8);
  const chunks = createChunkIo({ storage, runtime: systemRuntime(), requests, cacheBytesMax });
  const id = objectIdFromBytes(await chunks.writeChunk(BYTES));
  storage.requests.length = 0;
  storage.signals.length = 0;
  return { chunks, storage, ref: { type: "native", id, offset: 0, length: BYTES.length } };
}

describe("readChunk", () => {
  it("reads a chunk, or a part of it, relative to its reference", async () => {
    const { chunks, ref } = await chunkIo();
    const part: NativeRef = { ...ref, offset: 2, length: 4 };

    expect(await chunks.readChunk(ref)).toEqual(BYTES);
    expect(await chunks.readChunk(part)).toEqual(Uint8Array.of(12, 13, 14, 15));
    expect(await chunks.readChunk(part, { start: 1, end: 3 })).toEqual(Uint8Array.of(13, 14));
  });

  it("makes one GET for three concurrent reads, and gives each its own bytes", async () => {
    const { chunks, storage, ref } = await chunkIo();

    const [a, b, c] = await Promise.all([1, 2, 3].map(() => chunks.readChunk(ref)));
    a?.fill(0);

    expect(storage.requests).toEqual([`get chunks/${ref.id}`]);
    expect(b).toEqual(BYTES);
    expect(c).toEqual(BYTES);
  });

  it("reads again after the concurrent reads, without a cache", async () => {
    const { chunks, storage, ref } = await chunkIo();

    await chunks.readChunk(ref);
    await chunks.readChunk(ref);

    expect(storage.requests).toHaveLength(2);
  });

  it("keeps chunks in a cache if one is asked for, out of the callers' reach", async () => {
    const { chunks, storage, ref } = await chunkIo(1000);

    (await chunks.readChunk(ref)).fill(0);
    (await chunks.readChunk(ref)).fill(0);

    expect(await chunks.readChunk(ref)).toEqual(BYTES);
    expect(storage.requests).toHaveLength(1);
  });

  it("lets one caller abort without ending the read of the others", async () => {
    const { chunks, storage, ref } = await chunkIo();
    const aborting = new AbortController();
    storage.before = () => Promise.resolve().then(() => aborting.abort("enough"));

    const first = chunks.readChunk(ref, undefined, aborting.signal);
    const second = chunks.readChunk(ref);

    await expect(first).rejects.toBe("enough");
    expect(await second).toEqual(BYTES);
    expect(storage.requests).toHaveLength(1);
  });

  it("aborts the request once all its callers have aborted, and reads anew for the next", async () => {
    const { chunks, storage, ref } = await chunkIo();
    const [first, second] = [new AbortController(), new AbortController()];
    const silence = new Promise<never>(() => undefined);
    storage.before = () => silence;
    const reads = [first, second].map(({ signal }) => chunks.readChunk(ref, undefined, signal));
    await Promise.resolve();

    first.abort("first");
    const isAbortedByOne = storage.signals[0]?.aborted;
    second.abort("second");
    const isAbortedByAll = storage.signals[0]?.aborted;
    storage.before = () => undefined;
    const fresh = chunks.readChunk(ref, undefined, new AbortController().signal);

    expect(await Promise.allSettled(reads)).toMatchObject([
      { reason: "first" },
      { reason: "second" },
    ]);
    expect([isAbortedByOne, isAbortedByAll]).toEqual([false, true]);
    expect(await fresh).toEqual(BYTES);
    expect(storage.requests).toHaveLength(2);
  });

  it("gives the slots of aborted reads to others, also where a storage ignores the abort", async () => {
    const { chunks, storage, ref } = await chunkIo();
    const aborting = new AbortController();
    storage.before = () => new Promise<never>(() => undefined);
    const parts = Array.from({ length: 8 }, (_, at) => ({ start: at, end: 8 }));
    const stuck = parts.map((part) => chunks.readChunk(ref, part, aborting.signal));
    const queued = chunks.readChunk(ref, { start: 0, end: 1 }, aborting.signal);
    const other = chunks.readChunk(ref, { start: 0, end: 2 });
    expect(storage.requests).toHaveLength(8);
    storage.before = () => undefined;

    aborting.abort("enough");

    await expect(queued).rejects.toBe("enough");
    for (const read of stuck) await expect(read).rejects.toBe("enough");
    expect(await other).toEqual(BYTES.slice(0, 2));
    expect(storage.requests).toHaveLength(9);
  });

  it("hands one copy to each who stayed, whoever left", async () => {
    const { chunks, storage, ref } = await chunkIo();
    const aborting = new AbortController();
    let answer = (): void => undefined;
    storage.after = () => new Promise<void>((resolve) => (answer = resolve));
    const left = chunks.readChunk(ref, undefined, aborting.signal);
    const [a, b] = [chunks.readChunk(ref), chunks.readChunk(ref)];
    await new Promise((resolve) => setImmediate(resolve));

    aborting.abort("enough");
    answer();
    (await a).fill(0);

    await expect(left).rejects.toBe("enough");
    expect(await b).toEqual(BYTES);
  });

  it("does not make others pay for a failed read", async () => {
    const { chunks, storage, ref } = await chunkIo();
    storage.before = () => {
      throw makeError("object-store", "the network is down");
    };
    await expect(chunks.readChunk(ref)).rejects.toMatchObject({ kind: "object-store" });
    storage.before = () => undefined;

    expect(await chunks.readChunk(ref)).toEqual(BYTES);
  });

  it("names the path of a missing object", async () => {
    const { chunks, ref } = await chunkIo();
    const missing: NativeRef = { ...ref, id: "ZZZZZZZZZZZZZZZZZZZG" };

    await expect(chunks.readChunk(missing)).rejects.toMatchObject({
      kind: "object-not-found",
      details: { path: "chunks/ZZZZZZZZZZZZZZZZZZZG" },
    });
  });

  it("refuses an object that is shorter than its reference says", async () => {
    const { chunks, ref } = await chunkIo();
    const long: NativeRef = { ...ref, length: BYTES.length + 1 };

    await expect(chunks.readChunk(long)).rejects.toMatchObject({ kind: "invalid-object-size" });
  });

  it("asks for nothing where nothing is to be read", async () => {
    const { chunks, storage, ref } = await chunkIo();

    expect(await chunks.readChunk(ref, { start: 3, end: 3 })).toEqual(new Uint8Array());
    expect(storage.requests).toEqual([]);
  });
});

describe("writeChunk", () => {
  it("gives every chunk an id of its own, equal bytes or not", async () => {
    const { chunks, storage } = await chunkIo();

    const ids = await Promise.all([1, 2].map(() => chunks.writeChunk(BYTES)));

    expect(ids.map((id) => id.length)).toEqual([12, 12]);
    expect(new Set(storage.requests).size).toBe(2);
  });

  it("sends a chunk again whose reply was lost", async () => {
    const { chunks, storage } = await chunkIo();
    let losses = 0;
    storage.after = () => {
      if (losses++ === 0) throw makeError("unknown-outcome", "the reply was lost");
    };

    await chunks.writeChunk(BYTES);

    expect(storage.requests).toHaveLength(2);
    expect(storage.requests[0]).toBe(storage.requests[1]);
  });

  it("reports a failure as it is", async () => {
    const { chunks, storage } = await chunkIo();
    storage.before = () => {
      throw makeError("io", "the disk is full");
    };

    await expect(chunks.writeChunk(BYTES)).rejects.toMatchObject({ kind: "io" });
    expect(storage.requests).toHaveLength(1);
  });
});
