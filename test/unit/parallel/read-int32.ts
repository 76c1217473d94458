/** Reads a chunk of bytes + zstd codecs as numbers, as the tests of region writes need it. */
import { decompressZstd } from "../../../src/codec/zstd/zstd.ts";
import type { Session } from "../../../src/index.ts";

/** The int32 values of the chunk at `key`. */
export async function getChunk(session: Session, key: string): Promise<number[]> {
  const stored = await session.store.get(key);
  if (stored === undefined) return [];
  const bytes = await decompressZstd(stored, { bytesMax: 1 << 20 });
  return Array.from(new Int32Array(bytes.slice().buffer));
}
