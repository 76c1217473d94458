/** Writes metadata files: header and compressed payload, as `envelope.ts` shows them. */
import { concatBytes, encodeUtf8 } from "../base/bytes.ts";
import { compressZstd, compressZstdFrames } from "../codec/zstd/compress.ts";
import {
  CODE_OF_TYPE,
  COMPRESSION_AT,
  COMPRESSION_ZSTD,
  ENVELOPE_HEADER_BYTES,
  ENVELOPE_MAGIC,
  FILE_TYPE_AT,
  type FileType,
  NAME_START,
  SPEC_VERSION_AT,
} from "./envelope.ts";

/** Of files that are written; those of spec 1 are read. */
const SPEC_VERSION = 2;
/** How files name their writer; the version is package.json's. */
const IMPLEMENTATION = "icefloe-0.1.0";

const SPACE = 0x20;

/** What `encodeEnvelope` takes. */
interface EnvelopeContent {
  readonly fileType: FileType;
  readonly payload: Uint8Array;
  /** zstd's level, 1 to 22. */
  readonly compressionLevel: number;
}

/**
 * A whole metadata file, at once if it is small. Always a zstd frame: the official engine reads
 * nothing else.
 */
export function encodeEnvelope(content: EnvelopeContent): Uint8Array | Promise<Uint8Array> {
  const { fileType, payload, compressionLevel } = content;
  // Of manifests readers often want few rows.
  const compress = fileType === "manifest" ? compressZstdFrames : compressZstd;
  const seal = (frame: Uint8Array): Uint8Array => sealEnvelope(fileType, [frame]);
  const frame = compress(payload, compressionLevel);
  return frame instanceof Promise ? frame.then(seal) : seal(frame);
}

/** A metadata file of a payload in a zstd frame, given in `parts`. */
export function sealEnvelope(fileType: FileType, parts: readonly Uint8Array[]): Uint8Array {
  const file = concatBytes([HEADER, ...parts]);
  file[FILE_TYPE_AT] = CODE_OF_TYPE[fileType];
  return file;
}

/** The header of all files, but for the type. */
const HEADER = /* @__PURE__ */ encodeHeader();

function encodeHeader(): Uint8Array {
  const header = new Uint8Array(ENVELOPE_HEADER_BYTES);
  header.set(ENVELOPE_MAGIC);
  header.fill(SPACE, NAME_START, SPEC_VERSION_AT);
  header.set(encodeUtf8(IMPLEMENTATION), NAME_START);
  header[SPEC_VERSION_AT] = SPEC_VERSION;
  header[COMPRESSION_AT] = COMPRESSION_ZSTD;
  return header;
}

/** The user metadata of objects of this type: never read back; some storages drop it. */
export function objectMetadata(fileType: FileType): Record<string, string> {
  return {
    icspecver: String(SPEC_VERSION),
    icclient: IMPLEMENTATION,
    icfiletype: fileType,
    iccompalg: "zstd",
  };
}
