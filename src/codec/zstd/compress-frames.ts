/**
 * Compressing content in frames that can be decoded one by one. In front stands an opening frame
 * without content and without a size, since the official engine 2.3.0 takes the size that the first
 * frame declares for that of all. Loaded with the first such file that is written.
 */
import { concatBytes } from "../../base/bytes.ts";
import { mapConcurrent } from "../../base/concurrency.ts";
import { openingFrame } from "./raw-frame.ts";
import { encodeSeekTable } from "./seek-table.ts";

/**
 * A frame should come to this many bytes: each learns anew what repeats, so smaller ones make files
 * larger, and who looks at one row decodes three of them, mostly before the decoder is compiled.
 */
const STORED_BYTES = 48 * 1024;
const FRAME_BYTES_MIN = 256 * 1024;
const FRAME_BYTES_MAX = 4 * 1024 * 1024;
/** From the middle of the content: how well it compresses. */
const SAMPLE_BYTES = 128 * 1024;
/** The threads that Node compresses with. */
const FRAMES_UNDER_WAY_MAX = 4;

/** `content`, not empty, in frames that `compress` makes one by one, and their seek table. */
export async function compressFrames(
  content: Uint8Array,
  compress: (part: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const sampleAt = Math.max(0, (content.length - SAMPLE_BYTES) >> 1);
  const sample = content.subarray(sampleAt, sampleAt + SAMPLE_BYTES);
  const frameBytes = frameBytesFor(sample.length / (await compress(sample)).length);
  const starts: number[] = [];
  for (let start = 0; start < content.length; start += frameBytes) starts.push(start);
  const frames = await mapConcurrent(starts, FRAMES_UNDER_WAY_MAX, (start) =>
    compress(content.subarray(start, start + frameBytes)),
  );
  const opening = openingFrame();
  const table = encodeSeekTable(opening.length, frames, frameBytes, content.length);
  return concatBytes([opening, ...frames, table]);
}

/** Content per frame, a power of two, if it gets `ratio` times smaller. */
function frameBytesFor(ratio: number): number {
  let frameBytes = FRAME_BYTES_MIN;
  while (frameBytes < FRAME_BYTES_MAX && frameBytes < STORED_BYTES * ratio) frameBytes *= 2;
  return frameBytes;
}
