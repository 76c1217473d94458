/**
 * Opens the payload of a metadata file of which only parts are fetched: first its end, where a file
 * in frames has its seek table, then its first frame and its last, between which others are looked
 * for. Loaded with the first large file.
 * Spec: docs/decisions/0006-manifests-in-frames.md.
 */
import type { Extent } from "../base/extent.ts";
import type { SingleFlight } from "../base/single-flight.ts";
import { type FetchedBytes, FetchedFrames } from "../codec/zstd/fetched-frames.ts";
import { parseSeekTable } from "../codec/zstd/seek-table.ts";
import { frameDecoder } from "../codec/zstd/zstd.ts";
import {
  COMPRESSION_AT,
  COMPRESSION_ZSTD,
  checkHeader,
  contentWatch,
  ENVELOPE_HEADER_BYTES,
  type EnvelopeExpectation,
  type EnvelopeWatch,
} from "./envelope.ts";

/** The table of 8,000 frames, which hold 2 GiB or more, and often the last frame. */
const TAIL_BYTES = 64 * 1024;

/** Fetches bytes of a file, or more of them around what is asked for. */
type FetchPart = (extent: Extent, signal: AbortSignal | undefined) => Promise<FetchedBytes>;

/** A file that is read in parts. */
interface FileParts {
  /** At least 64 KiB. */
  readonly sizeBytes: number;
  readonly fetch: FetchPart;
  readonly flights: SingleFlight<void>;
  readonly signal: AbortSignal | undefined;
}

/**
 * The payload; if the file is no such file, the bytes that were fetched to see that.
 * @throws {invalid-file-format} @throws {unsupported-spec-version} @throws {deserialization}
 */
export async function openParts(
  { sizeBytes, fetch, flights, signal }: FileParts,
  expected: EnvelopeExpectation,
  watch: EnvelopeWatch,
): Promise<FetchedFrames | FetchedBytes> {
  const inPayload = ({ bytes, start }: FetchedBytes): FetchedBytes => ({
    bytes,
    start: start - ENVELOPE_HEADER_BYTES,
  });
  const fetchPayload: FetchPart = async ({ start, end }, aborting) =>
    inPayload(
      await fetch(
        { start: start + ENVELOPE_HEADER_BYTES, end: end + ENVELOPE_HEADER_BYTES },
        aborting,
      ),
    );
  const tail = await fetch({ start: sizeBytes - TAIL_BYTES, end: sizeBytes }, signal);
  const table = parseSeekTable(tail.bytes, sizeBytes - ENVELOPE_HEADER_BYTES);
  if (table === undefined || tail.start === 0) return tail;
  const parts = new FetchedFrames({
    table,
    bytesMax: expected.bytesMax,
    decode: await frameDecoder(sizeBytes),
    watch: contentWatch(expected, watch),
    fetch: fetchPayload,
    flights,
  });
  parts.store(inPayload(tail));
  const frameCount = table.frames.length;
  const [head] = await Promise.all([
    fetch({ start: 0, end: ENVELOPE_HEADER_BYTES + (table.frames[0] as Extent).end }, signal),
    parts.fetch({ start: frameCount - 1, end: frameCount }, signal),
  ]);
  checkHeader(head.bytes, expected);
  if (head.bytes[COMPRESSION_AT] !== COMPRESSION_ZSTD) return tail;
  parts.store(inPayload(head));
  return parts;
}
