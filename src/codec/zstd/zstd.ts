/**
 * Decompresses zstd for whole objects: by the platform's own where `node:zlib` has it
 * (Node >= 22.15), else by our own in TypeScript. Loaded when first needed: what reads frames one by
 * one, and what calls the platform. Reads every variant; see decode.ts.
 */
import { lazyPart } from "../../base/lazy-part.ts";
import type { PartialBytes } from "../../base/partial-bytes.ts";
import {
  checkedZstdFrames,
  decodeZstd,
  parseZstdDictionary,
  type ZstdDictionary,
} from "./decode.ts";
import { native } from "./find-native.ts";
import type { ContentWatch } from "./framed-content.ts";

const loadNative = /* @__PURE__ */ lazyPart(() => import("./native.ts"));
const loadFramedContent = /* @__PURE__ */ lazyPart(() => import("./framed-content.ts"));

/** Below, setting up the native decoder costs more than it saves. */
const NATIVE_DECODE_BYTES_MIN = 8192;

/** Limits of one decompression. */
interface DecompressOptions {
  /** Most bytes that may come out. */
  readonly bytesMax: number;
}

/** The content of all frames of `bytes`; a fresh array. @throws {deserialization} */
export async function decompressZstd(
  bytes: Uint8Array,
  { bytesMax }: DecompressOptions,
): Promise<Uint8Array> {
  return (await frameDecoder(bytes.length))(bytes, bytesMax);
}

/**
 * The content of frames with a seek table, decoded as it is asked for; `undefined` if `bytes` are
 * anything else. Keeps `bytes`, which nobody may write to.
 * @throws {deserialization}
 */
export async function openZstdFrames(
  bytes: Uint8Array,
  bytesMax: number,
  watch: ContentWatch,
): Promise<PartialBytes | undefined> {
  if (bytes.length < NATIVE_DECODE_BYTES_MIN) return undefined;
  const { openFrames } = await loadFramedContent(); // Small files need no such code.
  return openFrames(bytes, bytesMax, await frameDecoder(bytes.length), watch);
}

/** What decodes frames, chosen for `sizeBytes` of them. */
export async function frameDecoder(
  sizeBytes: number,
): Promise<(bytes: Uint8Array, bytesMax: number) => Uint8Array> {
  const zlib = native;
  if (zlib === undefined || sizeBytes < NATIVE_DECODE_BYTES_MIN) return decodeZstd;
  const { decompressNatively } = await loadNative();
  return (bytes, bytesMax) =>
    decompressNatively(zlib, bytes, checkedZstdFrames(bytes, bytesMax, 0), bytesMax);
}

const parsedDictionaries = new WeakMap<Uint8Array, ZstdDictionary>();

/**
 * Decompresses one small frame with `dictionary`, about 1 µs each. The dictionary is parsed once
 * per array object: pass the same one, and do not change it.
 * @throws {deserialization}
 */
export function decompressWithDictionary(
  bytes: Uint8Array,
  dictionary: Uint8Array,
  bytesMax: number,
): Uint8Array {
  let parsed = parsedDictionaries.get(dictionary);
  if (parsed === undefined) {
    parsed = parseZstdDictionary(dictionary);
    parsedDictionaries.set(dictionary, parsed);
  }
  return decodeZstd(bytes, bytesMax, parsed);
}
