/**
 * The codec `blosc`, by the optional peer `numcodecs`: C-Blosc as WebAssembly, imported when the
 * first such chunk is read or written. Spec: Zarr v3 "blosc codec"; "Blosc chunk format".
 */
import { lazyPart } from "../../base/lazy-part.ts";
import { missingPackage } from "../../base/optional-package.ts";
import { type JsonObject, printJson } from "../../codec/json.ts";
import type { ByteCodec } from "./byte-codec.ts";
import { BLOSC_COMPRESSORS, BLOSC_SHUFFLES, invalidCodecs } from "./codec-metadata.ts";
import { damaged } from "./damaged.ts";

/** What `import("numcodecs/blosc")` gives. */
interface BloscLibrary {
  readonly default: new (
    level: number,
    compressor: string,
    shuffle: number,
    blockBytes: number,
  ) => {
    encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
    decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  };
}

/** Versions, flags and item size, then sizes: plain, of a block, and stored. */
const HEADER_BYTES = 16;

/**
 * The codec of that configuration.
 * @throws {invalid-array-metadata} a configuration that makes no sense
 */
export function bloscCodec(configuration: JsonObject, path: string): ByteCodec {
  const cname = configuration.get("cname") ?? "zstd";
  const clevel = configuration.get("clevel") ?? 5;
  const shuffle = configuration.get("shuffle") ?? "noshuffle";
  const blocksize = configuration.get("blocksize") ?? 0;
  const isLevel = Number.isInteger(clevel) && (clevel as number) >= 0 && (clevel as number) <= 9;
  const isUsable =
    isLevel && Number.isSafeInteger(blocksize) && BLOSC_SHUFFLES.includes(shuffle as string);
  if (!isUsable || !BLOSC_COMPRESSORS.includes(cname as string)) {
    throw invalidCodecs(path, `codec blosc cannot be configured with ${printJson(configuration)}`);
  }
  const open = async () => {
    const { default: Blosc } = await loadBlosc();
    const shuffleNumber = BLOSC_SHUFFLES.indexOf(shuffle as string);
    return new Blosc(clevel as number, cname as string, shuffleNumber, blocksize as number);
  };
  return {
    encode: async (bytes) => (await open()).encode(bytes),
    async decode(bytes, bytesMax, chunk) {
      const sizeBytes = checkHeader(bytes, bytesMax, chunk);
      const codec = await open();
      try {
        const plain = await codec.decode(bytes);
        if (plain.length === sizeBytes) return plain;
      } catch (cause) {
        throw damaged(chunk, "no blosc", cause);
      }
      throw damaged(chunk, "no blosc");
    },
  };
}

const loadBlosc = /* @__PURE__ */ lazyPart(async () => {
  try {
    return (await import("numcodecs/blosc")) as unknown as BloscLibrary;
  } catch (cause) {
    throw missingPackage("numcodecs", "the codec blosc needs", cause);
  }
});

/** The plain size that the header says. What the library is given must not make it allocate more. */
function checkHeader(bytes: Uint8Array, bytesMax: number, chunk: string): number {
  if (bytes.length < HEADER_BYTES) throw damaged(chunk, "no room for a blosc header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [plainBytes, storedBytes] = [view.getUint32(4, true), view.getUint32(12, true)];
  if (storedBytes !== bytes.length) {
    throw damaged(chunk, `${bytes.length} bytes, expected ${storedBytes} of blosc`);
  }
  if (plainBytes > bytesMax) throw damaged(chunk, `more than ${bytesMax} bytes come out`);
  return plainBytes;
}
