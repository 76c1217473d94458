/** What the settings of a repository say about requests; defaults are the official engine's. */
import type { StorageSettings } from "../../format/config/storage.ts";
import { type RequestLimits, requestLimits } from "../request-policy.ts";
import type { PartLimits } from "./get-in-parts.ts";

/** Object stores heed all of them. */
export const SETTINGS_HONOURED: readonly (keyof StorageSettings)[] = Object.freeze([
  "concurrency",
  "retries",
  "timeouts",
  "unsafeUseConditionalUpdate",
  "unsafeUseConditionalCreate",
  "unsafeUseMetadata",
  "storageClass",
  "metadataStorageClass",
  "chunksStorageClass",
  "minimumSizeForMultipartUpload",
]);

const MIB = 1024 * 1024;

/** Bytes from which an object is put in parts. */
export const MULTIPART_BYTES_MIN = 100 * MIB;

/** How requests are repeated and given up. */
export function limitsOf({ retries = {}, timeouts = {} }: StorageSettings): RequestLimits {
  const { maxTries = 10, initialBackoffMs, maxBackoffMs = 180_000 } = retries;
  return requestLimits({
    attemptsMax: maxTries,
    initialBackoffMs,
    maxBackoffMs,
    totalTimeoutMs: timeouts.operationTimeoutMs ?? 600_000,
    idleTimeoutMs: timeouts.readTimeoutMs,
  });
}

/** How large objects are cut. */
export function partLimitsOf({ concurrency = {} }: StorageSettings): PartLimits {
  const { idealConcurrentRequestSize = 12 * MIB, maxConcurrentRequestsForObject = 18 } =
    concurrency;
  return { partBytes: idealConcurrentRequestSize, partsMax: maxConcurrentRequestsForObject };
}
