/**
 * Native chunks: bytes in objects of their own, written once under a random name.
 *
 * Concurrent reads of the same bytes share one GET, also without a cache; every caller owns what
 * it gets. Spec: v2 "Chunk Files".
 */
import type { Limiter } from "../base/concurrency.ts";
import type { Extent } from "../base/extent.ts";
import { createByteLru } from "../base/lru.ts";
import type { Runtime } from "../base/runtime.ts";
import { createSingleFlight, joinFlight } from "../base/single-flight.ts";
import { objectIdToBytes, randomObjectId } from "../format/ids.ts";
import type { NativeRef } from "../format/manifest/chunk-ref.ts";
import { chunkPath } from "../format/object-paths.ts";
import type { Storage } from "../storage/port.ts";
import { putImmutable } from "./immutable-put.ts";
import { getPart } from "./object-part.ts";

/** Reads and writes native chunks. */
export interface ChunkIo {
  /**
   * Bytes of a native chunk (of `range` inside it), owned by the caller. One GET, shared with
   * concurrent readers; it is aborted when all of them have aborted.
   * @throws {object-not-found} @throws {invalid-object-size}
   */
  readChunk(ref: NativeRef, range?: Extent, signal?: AbortSignal): Promise<Uint8Array>;
  /** Stores a chunk under a fresh id and resolves, once it is stored, to the id's 12 bytes. */
  writeChunk(bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

/** What chunk reads and writes work with. */
interface ChunkIoOptions {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly requests: Limiter;
  /** 0 keeps nothing. */
  readonly cacheBytesMax: number;
}

/** Chunk access with a byte-bounded cache. */
export function createChunkIo(options: ChunkIoOptions): ChunkIo {
  const { storage, runtime, requests, cacheBytesMax } = options;
  const cache = createByteLru<Uint8Array>(cacheBytesMax);
  const flights = createSingleFlight<Uint8Array>();

  const fetch = async (
    key: string,
    ref: NativeRef,
    range: Extent,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> => {
    const bytes = await fetchRange(storage, ref, range, signal);
    cache.set(key, bytes, bytes.length);
    return bytes;
  };

  return {
    async readChunk(ref, range = { start: 0, end: ref.length }, signal) {
      signal?.throwIfAborted();
      const key = `${ref.id}/${ref.offset + range.start}-${ref.offset + range.end}`;
      const cached = cache.get(key);
      if (cached !== undefined) return cached.slice();
      const load = (abandoned?: AbortSignal): Promise<Uint8Array> =>
        requests.run(() => fetch(key, ref, range, abandoned), abandoned);
      const flight = flights.flight(key, load, signal);
      const bytes = await joinFlight(flight, signal);
      // The bytes themselves may go out only if nobody else, the cache included, holds them.
      return flight.callers > 1 || cacheBytesMax > 0 ? bytes.slice() : bytes;
    },

    async writeChunk(bytes, signal) {
      const id = randomObjectId(runtime);
      await requests.run(
        () => putImmutable(storage, chunkPath(id), bytes, { objectKind: "chunk", signal }),
        signal,
      );
      return objectIdToBytes(id);
    },
  };
}

async function fetchRange(
  storage: Storage,
  ref: NativeRef,
  { start, end }: Extent,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (start === end) return new Uint8Array(0); // HTTP has no empty range.
  const path = chunkPath(ref.id);
  const objectBytes = ref.offset + ref.length; // Chunks have objects of their own.
  const range = { start: ref.offset + start, end: ref.offset + end };
  return (await getPart(storage, path, objectBytes, range, signal)).bytes;
}
