/**
 * Reads the 39-byte header and the compressed payload that every metadata file consists of.
 * Spec: v2 "Binary File Format"; docs/format.md "Envelope" and "Compression".
 *
 *   bytes 0-11 magic | 12-35 writer's name, space padded | 36 spec version | 37 file type | 38 compression
 */
import { equalBytes } from "../base/bytes.ts";
import { isIcefloeError, makeError } from "../base/errors.ts";
import type { PartialBytes } from "../base/partial-bytes.ts";
import type { ContentWatch } from "../codec/zstd/framed-content.ts";
import { decompressZstd, openZstdFrames } from "../codec/zstd/zstd.ts";

export const ENVELOPE_MAGIC = Uint8Array.of(
  0x49,
  0x43,
  0x45,
  0xf0,
  0x9f,
  0xa7,
  0x8a,
  0x43,
  0x48,
  0x55,
  0x4e,
  0x4b,
);
export const NAME_START = 12;
export const SPEC_VERSION_AT = 36;
export const FILE_TYPE_AT = 37;
export const COMPRESSION_AT = 38;
/** Where the payload starts. */
export const ENVELOPE_HEADER_BYTES = 39;

const COMPRESSION_NONE = 0;
export const COMPRESSION_ZSTD = 1;

export const CODE_OF_TYPE = {
  snapshot: 1,
  manifest: 2,
  "transaction-log": 4,
  "repo-info": 6,
} as const;

/** What a metadata file holds. */
export type FileType = keyof typeof CODE_OF_TYPE;

/** What `decodeEnvelope` found. */
interface Envelope {
  readonly specVersion: 1 | 2;
  readonly payload: Uint8Array;
}

/** What a file is expected to be. */
export interface EnvelopeExpectation {
  /** Names the file in messages. */
  readonly object: string;
  readonly fileType: FileType;
  /** Most bytes that the payload may have. */
  readonly bytesMax: number;
}

/** What is told of a payload that is decompressed as it is asked for. */
export interface EnvelopeWatch {
  /** Damage was found, which is about to be thrown. */
  onDamage(): void;
  /** `sizeBytes` has changed. */
  onResize(): void;
}

/**
 * The payload of a file that was written to be read in parts, decompressed as it is asked for;
 * `undefined` if this one was not, so that all of it must be decoded. Keeps `bytes` meanwhile. What
 * is damaged is refused when it is reached.
 * @throws {invalid-file-format} @throws {unsupported-spec-version} @throws {deserialization}
 */
export async function openEnvelope(
  bytes: Uint8Array,
  expected: EnvelopeExpectation,
  watch?: EnvelopeWatch,
): Promise<PartialBytes | undefined> {
  checkHeader(bytes, expected);
  if (bytes[COMPRESSION_AT] !== COMPRESSION_ZSTD) return undefined;
  const payload = bytes.subarray(ENVELOPE_HEADER_BYTES);
  return openZstdFrames(payload, expected.bytesMax, contentWatch(expected, watch));
}

/** What is told of the content of a file's payload. */
export function contentWatch(
  { object }: EnvelopeExpectation,
  watch: EnvelopeWatch | undefined,
): ContentWatch {
  return {
    rename(error) {
      watch?.onDamage();
      return payloadError(error, object);
    },
    onResize: () => watch?.onResize(),
  };
}

/**
 * Checks the header and decompresses the payload.
 * @throws {invalid-file-format} @throws {unsupported-spec-version} @throws {deserialization}
 */
export async function decodeEnvelope(
  bytes: Uint8Array,
  options: EnvelopeExpectation,
): Promise<Envelope> {
  const { object, bytesMax } = options;
  const specVersion = checkHeader(bytes, options);
  const payload = bytes.subarray(ENVELOPE_HEADER_BYTES);
  if (bytes[COMPRESSION_AT] === COMPRESSION_NONE) {
    if (payload.length <= bytesMax) return { specVersion, payload };
    throw makeError(
      "deserialization",
      `${object}: payload of ${payload.length} bytes exceeds the limit of ${bytesMax} bytes`,
      { details: { object, bytesMax, offset: ENVELOPE_HEADER_BYTES } },
    );
  }
  try {
    return { specVersion, payload: await decompressZstd(payload, { bytesMax }) };
  } catch (cause) {
    throw payloadError(cause, object);
  }
}

/** Names the file and the place in it. */
function payloadError(cause: unknown, object: string): unknown {
  if (!isIcefloeError(cause, "deserialization")) return cause;
  const inPayload = cause.details["offset"];
  const offset = ENVELOPE_HEADER_BYTES + (typeof inPayload === "number" ? inPayload : 0);
  return makeError("deserialization", `${object}: payload at byte ${offset}: ${cause.message}`, {
    details: { ...cause.details, object, offset },
    cause,
  });
}

/**
 * The format version of the file that begins with `bytes`.
 * @throws {invalid-file-format} @throws {unsupported-spec-version}
 */
export function checkHeader(
  bytes: Uint8Array,
  { object, fileType }: Pick<EnvelopeExpectation, "object" | "fileType">,
): 1 | 2 {
  const refuse = (offset: number, what: string): never => {
    throw makeError("invalid-file-format", `${object}: ${what}`, { details: { object, offset } });
  };
  if (!equalBytes(bytes.subarray(0, NAME_START), ENVELOPE_MAGIC)) {
    refuse(0, "no Icechunk file: the first 12 bytes are not the magic");
  }
  if (bytes.length < ENVELOPE_HEADER_BYTES) {
    refuse(bytes.length, `header ends after ${bytes.length} of ${ENVELOPE_HEADER_BYTES} bytes`);
  }
  const specVersion = bytes[SPEC_VERSION_AT];
  if (specVersion !== 1 && specVersion !== 2) {
    throw makeError(
      "unsupported-spec-version",
      `${object}: written in Icechunk format version ${specVersion}; known are 1 and 2`,
      { details: { object, offset: SPEC_VERSION_AT, found: specVersion } },
    );
  }
  const type = bytes[FILE_TYPE_AT];
  if (type !== CODE_OF_TYPE[fileType]) {
    refuse(FILE_TYPE_AT, `expected file type ${CODE_OF_TYPE[fileType]} (${fileType}), got ${type}`);
  }
  if (fileType === "repo-info" && specVersion === 1) {
    refuse(SPEC_VERSION_AT, "a repo file cannot be of format version 1");
  }
  const compression = bytes[COMPRESSION_AT];
  if (compression !== COMPRESSION_NONE && compression !== COMPRESSION_ZSTD) {
    refuse(COMPRESSION_AT, `unknown compression ${compression}`);
  }
  return specVersion;
}
