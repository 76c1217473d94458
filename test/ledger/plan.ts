/** What every writer writes, so that anyone can tell later whether it is all there. */
import type { Session } from "icefloe";

/** Chunks with an odd number are inline, the others are objects of their own. */
const INLINE_BYTES = 24;
const NATIVE_BYTES = 900;

/** A repository's only array: one row of chunks per writer, one chunk per commit. */
export async function createLedger(
  session: Session,
  writers: number,
  commits: number,
): Promise<void> {
  const metadata = {
    zarr_format: 3,
    node_type: "array",
    shape: [writers, commits],
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 1] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
    attributes: {},
  };
  await session.store.set("ledger/zarr.json", new TextEncoder().encode(JSON.stringify(metadata)));
}

/** The key of one writer's chunk. */
export function ledgerKey(writer: number, index: number): string {
  return `ledger/c/${writer}/${index}`;
}

/** The bytes that belong there: they tell writer and commit, all along. */
export function ledgerBytes(writer: number, index: number): Uint8Array {
  const length = index % 2 === 1 ? INLINE_BYTES : NATIVE_BYTES;
  return Uint8Array.from({ length }, (_, i) => (writer * 53 + index * 7 + i) % 256);
}

/** The message of one commit. */
export function ledgerMessage(writer: number, index: number): string {
  return `writer ${writer} commit ${index}`;
}
