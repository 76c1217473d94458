/** Storages of Azure from URLs and hints, with the credentials of the environment. */
import { makeError } from "../../base/errors.ts";
import type { Storage, StorageHint } from "../port.ts";
import { secretFreeUrl } from "../secret-free-url.ts";
import { azureStorage } from "./azure.ts";
import type { AzureStorageOptions } from "./options.ts";

/** The storage of `az://container/prefix` or `azure://container/prefix`. @throws {cannot-parse-url} */
export function azureFromUrl(text: string, backend: object): Storage {
  const [, container, path = ""] = /^[a-z]+:\/\/([^/?#@]+)(?:\/([^?#]*))?$/i.exec(text) ?? [];
  const prefix = decoded(path);
  if (container !== undefined && prefix !== undefined)
    return azureStorage({ ...backend, container, prefix });
  const url = secretFreeUrl(text);
  const message = `storageFromUrl: ${url} is not of the form az://container/prefix`;
  throw makeError("cannot-parse-url", message, { details: { url } });
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // The caller refuses it.
  }
}

/** The storage that described itself so. @throws {storage-config} @throws {invalid-option} */
export function azureFromHint({ type: _, ...hint }: StorageHint, backend: object): Storage {
  return azureStorage({ ...backend, ...(hint as unknown as AzureStorageOptions) });
}
