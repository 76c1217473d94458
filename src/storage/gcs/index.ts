/** Public entry `icefloe/storage/gcs`: buckets of Google Cloud Storage. */
export type { GcsCredentials } from "./credentials.ts";
export { gcsStorage } from "./gcs.ts";
export type { GcsStorageOptions } from "./options.ts";
export type { ServiceAccountKey } from "./service-account.ts";
