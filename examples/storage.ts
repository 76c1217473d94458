/** Where the examples write: a folder, or a URL such as s3://bucket/prefix, with credentials from the environment. */
import { type Storage, storageFromUrl } from "icefloe/storage";
import { localFilesystemStorage } from "icefloe/storage/local";

/** Whether `address` is a URL, not a folder. */
export function isUrl(address: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(address);
}

/** The storage at an address. Nothing is asked of it yet. */
export async function openStorage(address: string): Promise<Storage> {
  return isUrl(address) ? storageFromUrl(address) : localFilesystemStorage(address);
}
