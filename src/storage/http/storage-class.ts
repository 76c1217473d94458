/** The storage class that the settings give an object. */
import type { StorageSettings } from "../../format/config/storage.ts";
import type { ObjectKind } from "../port.ts";

/** By kind, as the official engine reads the settings: one for chunks, one for all metadata files. */
export function storageClassOf(
  objectKind: ObjectKind | undefined,
  { storageClass, chunksStorageClass, metadataStorageClass }: StorageSettings,
): string | undefined {
  const ofKind = objectKind === "chunk" ? chunksStorageClass : metadataStorageClass;
  return ofKind ?? storageClass;
}
