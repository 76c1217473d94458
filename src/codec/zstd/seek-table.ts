/**
 * The seek table behind frames that can be decoded one by one, in a skippable frame, which every
 * decoder passes over: the Zstandard seekable format, as this project uses it. Its first frame is
 * an opening frame without content, and all others but the last hold the same number of bytes: a
 * table that says otherwise is none of ours, or damaged, and such a file is decoded from its front.
 * Spec: RFC 8878 "Skippable Frames"; docs/decisions/0006-manifests-in-frames.md.
 *
 *   magic | size | per frame: its bytes, its content's | frames: u32 | flags: u8 | "seekable" magic
 */
import type { Extent } from "../../base/extent.ts";

const MAGIC = 0x184d2a5e;
const FOOTER_MAGIC = 0x8f92eab1;
const HEAD_BYTES = 8;
const ENTRY_BYTES = 8;
/** Number of frames, flags (none: frames have checksums of their own), magic. */
const FOOTER_BYTES = 9;

/** Where the frames of a content are. */
export interface SeekTable {
  readonly contentBytes: number;
  /** Content of each frame; the last one may have less. */
  readonly frameBytes: number;
  /** Frames with content, in order, in the bytes that the table describes. */
  readonly frames: readonly Extent[];
}

/** The table of an opening frame and `frames`, each with `frameBytes` of `contentBytes`. */
export function encodeSeekTable(
  openingBytes: number,
  frames: readonly Uint8Array[],
  frameBytes: number,
  contentBytes: number,
): Uint8Array {
  const entryBytes = ENTRY_BYTES * (frames.length + 1);
  const bytes = new Uint8Array(HEAD_BYTES + entryBytes + FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, entryBytes + FOOTER_BYTES, true);
  view.setUint32(HEAD_BYTES, openingBytes, true);
  let at = HEAD_BYTES + ENTRY_BYTES;
  for (const [index, frame] of frames.entries()) {
    view.setUint32(at, frame.length, true);
    view.setUint32(at + 4, Math.min(frameBytes, contentBytes - index * frameBytes), true);
    at += ENTRY_BYTES;
  }
  view.setUint32(at, frames.length + 1, true);
  view.setUint32(at + 5, FOOTER_MAGIC, true);
  return bytes;
}

/**
 * The table at the end of `bytes`, the last ones of `sizeBytes`; `undefined` if there is none that
 * fits. Nothing is decoded.
 */
export function parseSeekTable(bytes: Uint8Array, sizeBytes: number): SeekTable | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const footerAt = bytes.length - FOOTER_BYTES;
  if (footerAt < HEAD_BYTES || view.getUint32(footerAt + 5, true) !== FOOTER_MAGIC)
    return undefined;
  const entryBytes = ENTRY_BYTES * view.getUint32(footerAt, true);
  const entriesAt = footerAt - entryBytes;
  const isTable =
    view.getUint8(footerAt + 4) === 0 &&
    entryBytes > ENTRY_BYTES &&
    entriesAt >= HEAD_BYTES &&
    view.getUint32(entriesAt - HEAD_BYTES, true) === MAGIC &&
    view.getUint32(entriesAt - HEAD_BYTES + 4, true) === entryBytes + FOOTER_BYTES;
  if (!isTable || view.getUint32(entriesAt + 4, true) !== 0) return undefined;
  const frameBytes = view.getUint32(entriesAt + ENTRY_BYTES + 4, true);
  const frames: Extent[] = [];
  let start = view.getUint32(entriesAt, true);
  let contentBytes = 0;
  for (let at = entriesAt + ENTRY_BYTES; at < footerAt; at += ENTRY_BYTES) {
    const end = start + view.getUint32(at, true);
    const held = view.getUint32(at + 4, true);
    const isLast = at + ENTRY_BYTES === footerAt;
    if (held === 0 || held > frameBytes || (held < frameBytes && !isLast)) return undefined;
    frames.push({ start, end });
    contentBytes += held;
    start = end;
  }
  const tableBytes = HEAD_BYTES + entryBytes + FOOTER_BYTES;
  return start + tableBytes === sizeBytes ? { contentBytes, frameBytes, frames } : undefined;
}
