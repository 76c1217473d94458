/** Storages from URLs, and from the hints that storages give of themselves. Backends load on use. */
import { makeError } from "../base/errors.ts";
import { lazyPart } from "../base/lazy-part.ts";
import { checkOption, describe, isPlainObject, plainObject } from "../base/options.ts";
import type { Runtime } from "../base/runtime.ts";
import type { Storage, StorageHint } from "./port.ts";
import { secretFreeUrl } from "./secret-free-url.ts";

const loadMemory = /* @__PURE__ */ lazyPart(() => import("./memory.ts"));
const loadLocal = /* @__PURE__ */ lazyPart(() => import("./local/local-filesystem.ts"));
const loadHttp = /* @__PURE__ */ lazyPart(() => import("./http/http-storage.ts"));
const loadOpfs = /* @__PURE__ */ lazyPart(() => import("./opfs/opfs.ts"));
const loadS3 = /* @__PURE__ */ lazyPart(() => import("./s3/s3.ts"));
const loadR2 = /* @__PURE__ */ lazyPart(() => import("./s3/r2.ts"));
const loadTigris = /* @__PURE__ */ lazyPart(() => import("./s3/tigris.ts"));
const loadAzure = /* @__PURE__ */ lazyPart(() => import("./azure/from-url.ts"));
const loadGcs = /* @__PURE__ */ lazyPart(() => import("./gcs/gcs.ts"));
const loadRedirect = /* @__PURE__ */ lazyPart(() => import("./redirect.ts"));
const loadPrefix = /* @__PURE__ */ lazyPart(() => import("./with-prefix.ts"));
const loadReadOnly = /* @__PURE__ */ lazyPart(() => import("./read-only.ts"));

/** Options of `storageFromUrl` and `storageFromHint`: those of the backend, which checks them. */
export interface StorageFromUrlOptions {
  readonly runtime?: Runtime | undefined;
  readonly [option: string]: unknown;
}

/**
 * The storage that `url` names: `file:///folder`, `s3://bucket/prefix` (`r2:`, `tigris:` and `gs:`
 * alike, credentials from the options or the environment), `az://container/prefix` (the account,
 * too), `opfs:///folder` (in a browser), `http(s)://host/path` (for reading),
 * `http(s)+redirect://host/path` (see `redirectStorage`), or `memory:` (a new, empty one each
 * time).
 * @throws {cannot-parse-url} a URL that names no storage
 */
export async function storageFromUrl(
  url: string | URL,
  options?: StorageFromUrlOptions,
): Promise<Storage> {
  checkObject("storageFromUrl", options);
  const text = String(url);
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0].toLowerCase() ?? "";
  const backend = { ...options };
  switch (scheme) {
    case "memory:":
      return (await loadMemory()).memoryStorage(backend);
    case "file:":
      return (await loadLocal()).localFilesystemStorage(text, backend);
    case "opfs:":
      return (await loadOpfs()).opfsStorageFromUrl(text, options?.runtime);
    case "http:":
    case "https:":
      return (await loadHttp()).httpStorage(text, backend);
    case "s3:":
      return (await loadS3()).s3Storage({ ...backend, ...bucketOf(text) });
    case "r2:":
      return (await loadR2()).r2Storage({ ...backend, ...bucketOf(text) });
    case "tigris:":
      return (await loadTigris()).tigrisStorage({ ...backend, ...bucketOf(text) });
    case "gs:":
    case "gcs:":
      return (await loadGcs()).gcsStorage({ ...backend, ...bucketOf(text) });
    case "az:":
    case "azure:":
      return (await loadAzure()).azureFromUrl(text, backend);
    case "http+redirect:":
    case "https+redirect:":
      return (await loadRedirect()).redirectStorage(text.replace("+redirect:", ":"), backend);
  }
  const shown = secretFreeUrl(text);
  const details = { url: shown, scheme };
  throw makeError("cannot-parse-url", `storageFromUrl: ${describe(shown)} names no storage`, {
    details,
  });
}

/** Options are a plain object, or left out; of which keys, the backend knows. */
function checkObject(operation: string, options: unknown): void {
  if (options !== undefined) checkOption(operation, "options", options, plainObject);
}

/** What `s3://bucket/some/prefix` names. @throws {cannot-parse-url} */
function bucketOf(url: string): { bucket: string; prefix?: string } {
  const [, bucket = "", prefix = ""] = /^[^:]+:\/\/([^/?#@]+)\/?([^?#]*)$/.exec(url) ?? [];
  if (bucket !== "") return prefix === "" ? { bucket } : { bucket, prefix };
  const shown = secretFreeUrl(url);
  const reason = `${describe(shown)} is no URL of a bucket, as s3://bucket/prefix`;
  throw makeError("cannot-parse-url", `storageFromUrl: ${reason}`, { details: { url: shown } });
}

function refuseHint(hint: unknown, reason: string): never {
  throw makeError("storage-config", `storageFromHint: ${reason}`, {
    details: { hint: isPlainObject(hint) ? { ...hint } : String(hint) },
  });
}

function textOf(hint: StorageHint, key: string): string {
  const value = hint[key];
  return typeof value === "string" ? value : refuseHint(hint, `${key} is ${describe(value)}`);
}

/**
 * The storage that `hint`, the result of `Storage.describe()`, describes, with this place's own
 * credentials.
 * @throws {storage-config} a hint that is not one of ours
 */
export async function storageFromHint(
  hint: StorageHint,
  options?: StorageFromUrlOptions,
): Promise<Storage> {
  checkObject("storageFromHint", options);
  if (!isPlainObject(hint)) refuseHint(hint, `no hint: ${describe(hint)}`);
  const backend = { ...options };
  const inner = (): Promise<Storage> => storageFromHint(hint["storage"] as StorageHint, options);
  switch (hint.type) {
    case "local": {
      const { localFilesystemStorage } = await loadLocal();
      const durability = textOf(hint, "durability") as "metadata"; // Checked by the callee.
      return localFilesystemStorage(textOf(hint, "path"), { ...backend, durability });
    }
    case "opfs":
      return (await loadOpfs()).opfsStorage({ ...backend, path: textOf(hint, "path") });
    case "http":
      return (await loadHttp()).httpStorage(textOf(hint, "url"), backend);
    case "s3": {
      const { type: _, ...said } = hint;
      return (await loadS3()).s3Storage({ ...backend, ...said, bucket: textOf(hint, "bucket") });
    }
    case "r2": {
      const { type: _, ...said } = hint;
      return (await loadR2()).r2Storage({ ...backend, ...said, bucket: textOf(hint, "bucket") });
    }
    case "tigris": {
      const { type: _, ...said } = hint;
      const { tigrisStorage } = await loadTigris();
      return tigrisStorage({ ...backend, ...said, bucket: textOf(hint, "bucket") });
    }
    case "gcs": {
      const { type: _, ...said } = hint;
      return (await loadGcs()).gcsStorage({ ...backend, ...said, bucket: textOf(hint, "bucket") });
    }
    case "azure":
      return (await loadAzure()).azureFromHint(hint, backend);
    case "redirect":
      return (await loadRedirect()).redirectStorage(textOf(hint, "url"), backend);
    case "prefix":
      return (await loadPrefix()).withPrefix(await inner(), textOf(hint, "prefix"));
    case "read-only":
      return (await loadReadOnly()).readOnly(await inner());
  }
  return refuseHint(hint, `unknown type ${describe(hint.type)}`);
}
