/**
 * Public entry `icefloe/storage`: the port that backends implement, wrappers around any of them,
 * and ways to get one from a URL. Backends of one platform load when they are first used.
 */
export { type StorageFromUrlOptions, storageFromHint, storageFromUrl } from "./from-url.ts";
export type { StorageOperation } from "./intercept.ts";
export {
  type ByteRange,
  type DeleteOutcome,
  type GetOptions,
  type ListEntry,
  type ObjectInfo,
  type ObjectKind,
  type ObjectVersion,
  type PutBody,
  type PutCondition,
  type PutOptions,
  type PutOutcome,
  type Storage,
  type StorageCapabilities,
  type StorageHint,
  type StoredObject,
  sameVersion,
} from "./port.ts";
export {
  type ConditionalWritesReport,
  type ProbeOptions,
  probeConditionalWrites,
} from "./probe.ts";
export { readOnly } from "./read-only.ts";
export { type RedirectStorageOptions, redirectStorage } from "./redirect.ts";
export { type StorageEvent, type TracedOptions, traced } from "./traced.ts";
export { withPrefix } from "./with-prefix.ts";
export { type RetryOptions, withRetry } from "./with-retry.ts";
