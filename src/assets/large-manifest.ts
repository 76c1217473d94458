/**
 * Reads large manifests by ranges, as far as they are looked at. One that has no seek table is
 * fetched whole, and then others at once, until one turns out to have one: who wrote the first has
 * probably written the next. Loaded with the first large manifest.
 */
import type { Limiter } from "../base/concurrency.ts";
import type { Extent } from "../base/extent.ts";
import type { createSingleFlight } from "../base/single-flight.ts";
import { type FetchedBytes, FetchedFrames } from "../codec/zstd/fetched-frames.ts";
import {
  decodeEnvelope,
  type EnvelopeExpectation,
  type EnvelopeWatch,
  openEnvelope,
} from "../format/envelope.ts";
import { openParts } from "../format/envelope-parts.ts";
import type { Manifest, parseManifest } from "../format/manifest/read.ts";
import type { Storage } from "../storage/port.ts";
import type { getPart } from "./object-part.ts";

/**
 * What manifests are read with, what has been loaded for others included: importing it here would
 * take it out of the piece in which bundles have it.
 */
interface ManifestSource {
  readonly storage: Storage;
  readonly requests: Limiter;
  readonly decodes: Limiter;
  readonly createSingleFlight: typeof createSingleFlight;
  readonly getPart: typeof getPart;
  readonly parseManifest: typeof parseManifest;
}

/** Sources whose last large manifest had no seek table. */
const withoutTables = new WeakSet<ManifestSource>();

/**
 * The manifest of `sizeBytes`. @throws {object-not-found} @throws {invalid-object-size}
 * @throws {invalid-file-format} @throws {unsupported-spec-version} @throws {deserialization}
 */
export async function readLargeManifest(
  source: ManifestSource,
  sizeBytes: number,
  expected: EnvelopeExpectation,
  watch: EnvelopeWatch,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const { storage, requests, decodes, getPart, parseManifest } = source;
  const { object } = expected;
  const fetch = async (
    extent: Extent,
    abandoned: AbortSignal | undefined,
  ): Promise<FetchedBytes> => {
    const get = () => getPart(storage, object, sizeBytes, extent, abandoned);
    const { bytes, whole } = await requests.run(get, abandoned);
    return whole === undefined ? { bytes, start: extent.start } : { bytes: whole, start: 0 };
  };
  const decode = async (file: Uint8Array): Promise<Manifest> => {
    const partial = await openEnvelope(file, expected, watch);
    withoutTables[partial === undefined ? "add" : "delete"](source);
    return parseManifest(partial ?? (await decodeEnvelope(file, expected)).payload, object);
  };
  if (!withoutTables.has(source)) {
    const flights = source.createSingleFlight<void>();
    const parts = await openParts({ sizeBytes, fetch, flights, signal }, expected, watch);
    if (parts instanceof FetchedFrames)
      return parts.read(() => parseManifest(parts.content, object), signal);
    if (parts.start === 0) return decodes.run(() => decode(parts.bytes), signal);
  }
  // Decoded within the request's turn, or files that wait for a decoder would pile up in memory.
  return requests.run(async () => {
    const { bytes } = await getPart(storage, object, sizeBytes, undefined, signal);
    return decodes.run(() => decode(bytes), signal);
  }, signal);
}
