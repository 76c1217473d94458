/** Public entry `icefloe/storage/s3`: buckets of S3, of Cloudflare R2, of Tigris, and of compatible servers. */
export type { S3Credentials } from "./credentials.ts";
export type { S3StorageOptions } from "./options.ts";
export { type R2StorageOptions, r2Storage } from "./r2.ts";
export { s3Storage } from "./s3.ts";
export { type TigrisStorageOptions, tigrisStorage } from "./tigris.ts";
