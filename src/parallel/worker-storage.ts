/** Rebuilds a storage from its hint with the ambient credentials of the place. */
import { makeError } from "../base/errors.ts";
import { httpStorage } from "../storage/http.ts";
import type { Storage, StorageHint } from "../storage/port.ts";

/** Opens the storage that a hint describes. Throws `storage-not-shareable` for unknown types. */
export async function storageFromHint(hint: StorageHint): Promise<Storage> {
  if (hint.type === "local") {
    const { localFilesystemStorage } = await import("../storage/local/index.ts");
    return localFilesystemStorage(String(hint["path"]), {
      durability: hint["durability"] as "none" | "metadata" | "full",
    });
  }
  if (hint.type === "http") return httpStorage(String(hint["url"]));
  throw makeError(
    "storage-not-shareable",
    `no storage of type ${JSON.stringify(hint.type)} can be rebuilt here: give defineWorker a storage function`,
    { details: { hint } },
  );
}
