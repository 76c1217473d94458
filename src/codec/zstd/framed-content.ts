/**
 * Decoding content in frames one by one, when it is asked for. Each frame has a checksum, so that
 * damage is noticed when it is reached, and no content counts before. Loaded with the first such
 * file.
 */

import { isIcefloeError, makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import type { Attempt, PartialBytes } from "../../base/partial-bytes.ts";
import { outputTooLarge, zstdDamaged } from "./frame.ts";
import { parseSeekTable, type SeekTable } from "./seek-table.ts";

/** Stored bytes that some frames are in. */
interface StoredRun extends Extent {
  readonly bytes: Uint8Array;
  framesLeft: number;
}

/** What is told of content that changes as it is read. */
export interface ContentWatch {
  /** What is thrown for damage, now or later, is what this makes of it. */
  rename(error: unknown): unknown;
  /** `sizeBytes` has changed. */
  onResize?(): void;
}

/** Room that is not filled yet takes addresses, not memory: it counts for a part of its size. */
const ROOM_DIVISOR = 8;

/** What is thrown where the first of the frames [first, end) has not been stored yet. */
type MissingFrames = (first: number, end: number) => unknown;

/** The content of one whole frame, at most `bytesMax` bytes. @throws {deserialization} */
export type DecodeFrame = (frame: Uint8Array, bytesMax: number) => Uint8Array;

/**
 * The content of `bytes`, none of it decoded yet; `undefined` unless a seek table stands behind
 * them. Keeps `bytes`, which nobody may write to, until all is decoded.
 * @throws {deserialization} above `bytesMax`
 */
export function openFrames(
  bytes: Uint8Array,
  bytesMax: number,
  decode: DecodeFrame,
  watch: ContentWatch,
): PartialBytes | undefined {
  const table = parseSeekTable(bytes, bytes.length);
  if (table === undefined) return undefined;
  const content = new FramedContent(table, bytesMax, decode, watch);
  content.store(bytes, 0);
  return content;
}

/** Content of frames that are stored, decoded, or neither yet. */
export class FramedContent implements PartialBytes {
  readonly bytes: Uint8Array;
  attempt: Attempt | undefined;
  readonly #table: SeekTable;
  readonly #decodeFrame: DecodeFrame;
  readonly #watch: ContentWatch;
  /** By frame, until it is decoded: the stored bytes that it is in. */
  readonly #runs: (StoredRun | undefined)[];
  readonly #isDecoded: Uint8Array;
  readonly #missing: MissingFrames | undefined;
  #framesLeft: number;
  #sizeBytes = 0;

  /** No frame is stored yet; `missing` is for content that may be looked at before all are. */
  constructor(
    table: SeekTable,
    bytesMax: number,
    decodeFrame: DecodeFrame,
    watch: ContentWatch,
    missing?: MissingFrames,
  ) {
    try {
      if (table.contentBytes > bytesMax) outputTooLarge(bytesMax);
    } catch (error) {
      throw watch.rename(error);
    }
    const frameCount = table.frames.length;
    this.bytes = new Uint8Array(table.contentBytes);
    this.#table = table;
    this.#decodeFrame = decodeFrame;
    this.#watch = watch;
    this.#runs = new Array(frameCount).fill(undefined);
    this.#isDecoded = new Uint8Array(frameCount);
    this.#missing = missing;
    this.#framesLeft = frameCount;
  }

  get isWhole(): boolean {
    return this.#framesLeft === 0;
  }

  get sizeBytes(): number {
    const isFilling = this.#missing !== undefined && this.#framesLeft > 0;
    return this.#sizeBytes + (isFilling ? Math.floor(this.bytes.length / ROOM_DIVISOR) : 0);
  }

  /** Whether the frame is stored, or decoded. */
  has(frame: number): boolean {
    return this.#isDecoded[frame] === 1 || this.#runs[frame] !== undefined;
  }

  /** Keeps stored bytes from `start` on, as long as frames in them are not decoded. */
  store(bytes: Uint8Array, start: number): void {
    const run: StoredRun = { bytes, start, end: start + bytes.length, framesLeft: 0 };
    for (const [frame, extent] of this.#table.frames.entries()) {
      if (this.has(frame)) continue;
      if (extent.start < run.start || extent.end > run.end) continue;
      this.#runs[frame] = run;
      run.framesLeft++;
    }
    if (run.framesLeft > 0) this.#resize(bytes.length);
  }

  ensure(start: number, end: number): void {
    const last = Math.min(end, this.bytes.length) - 1;
    if (this.#framesLeft === 0 || start > last || start < 0) return;
    const { frameBytes } = this.#table;
    const lastFrame = Math.floor(last / frameBytes);
    for (let frame = Math.floor(start / frameBytes); frame <= lastFrame; frame++) {
      if (this.#isDecoded[frame] === 1) continue;
      if (this.#runs[frame] === undefined) throw this.#missing?.(frame, lastFrame + 1);
      this.#decode(frame);
    }
  }

  ensureAll(): void {
    this.ensure(0, this.bytes.length);
  }

  #decode(frame: number): void {
    const { frames, frameBytes } = this.#table;
    const { start, end } = frames[frame] as Extent;
    const run = this.#runs[frame] as StoredRun;
    const contentStart = frame * frameBytes;
    const size = Math.min(frameBytes, this.bytes.length - contentStart);
    let content: Uint8Array;
    try {
      content = this.#decodeFrame(run.bytes.subarray(start - run.start, end - run.start), size);
      if (content.length !== size) zstdDamaged(0, `frame has ${content.length} bytes, not ${size}`);
    } catch (error) {
      throw this.#watch.rename(atFrame(error, start));
    }
    this.bytes.set(content, contentStart);
    this.#isDecoded[frame] = 1;
    this.#runs[frame] = undefined;
    this.#framesLeft--;
    this.#resize(--run.framesLeft > 0 ? size : size - run.bytes.length);
  }

  #resize(byBytes: number): void {
    this.#sizeBytes += byBytes;
    this.#watch.onResize?.();
  }
}

/** An error whose offset counts from the frame's `start`, counted from the front. */
function atFrame(error: unknown, start: number): unknown {
  if (!isIcefloeError(error, "deserialization")) return error;
  const inFrame = error.details["offset"];
  const offset = start + (typeof inFrame === "number" ? inFrame : 0);
  return makeError("deserialization", `frame at byte ${start}: ${error.message}`, {
    details: { ...error.details, offset },
    cause: error,
  });
}
