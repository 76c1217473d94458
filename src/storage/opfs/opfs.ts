/** Makes a storage in the origin private file system: checks its options and the platform. */
import { makeError } from "../../base/errors.ts";
import { anything, checkOption, checkOptions, describe, mustBe } from "../../base/options.ts";
import { type Runtime, systemRuntime } from "../../base/runtime.ts";
import { checkObjectPath } from "../object-path.ts";
import type { Storage } from "../port.ts";
import { webLocks } from "./object-locks.ts";
import { OpfsStorage } from "./opfs-storage.ts";
import { originFiles } from "./origin-files.ts";

/** Options of `opfsStorage`. */
export interface OpfsStorageOptions {
  /** The folder, from the root of the origin's file system: `"weather"`; `""` is the root itself. */
  readonly path: string;
  /** Clock, randomness and sleep. Default: the system's. */
  readonly runtime?: Runtime | undefined;
}

/** What this looks for in a page or worker; any of it may be absent. */
interface Platform {
  readonly navigator?: {
    readonly storage?: { getDirectory?(): Promise<FileSystemDirectoryHandle> };
    readonly locks?: LockManager;
  };
  readonly FileSystemFileHandle?: { readonly prototype: object };
}

/** @throws {invalid-path} unless it names a folder */
function folderOf(path: string): string {
  const folder = path.replace(/^\//, "").replace(/\/$/, "");
  if (folder === "") return folder;
  checkObjectPath(folder);
  if (!folder.includes("\\")) return folder;
  throw makeError("invalid-path", `opfsStorage: path ${describe(path)} holds a backslash`, {
    details: { path },
  });
}

/** @throws {missing-dependency} where there is no such file system */
function platformFiles({ navigator, FileSystemFileHandle }: Platform) {
  const storage = navigator?.storage;
  const hasMove = FileSystemFileHandle !== undefined && "move" in FileSystemFileHandle.prototype;
  if (typeof storage?.getDirectory === "function" && hasMove)
    return originFiles(() => storage.getDirectory?.() as Promise<FileSystemDirectoryHandle>);
  throw makeError(
    "missing-dependency",
    "opfsStorage needs a browser's origin private file system: a page or worker that came by HTTPS or from this machine",
    { details: { package: "navigator.storage.getDirectory" } },
  );
}

/**
 * A storage in a folder of the browser's origin private file system, in the official layout; for
 * pages and workers of one origin, which see each other's objects. Nothing is read or made before
 * it is used, and a missing folder is an empty storage. Conditional puts hold between all tabs and
 * workers, by Web Locks; where the browser has none, `capabilities` say so and conditions are
 * refused. What was acknowledged survives the end of the page and of the browser; a power loss may
 * take the latest writes, and the browser may evict all of it unless `navigator.storage.persist()`
 * has been granted. Operations fail with `object-store` when the origin's quota is used up.
 * Source: the File System Standard, https://fs.spec.whatwg.org.
 * @throws {invalid-path} not the path of a folder
 * @throws {missing-dependency} where there is no such file system
 *
 * @example
 * const storage = opfsStorage({ path: "weather" });
 */
export function opfsStorage(options: OpfsStorageOptions): Storage {
  checkOptions("opfsStorage", options, { path: anything, runtime: anything });
  const path: unknown = options?.path;
  checkOption("opfsStorage", "path", path, (value) =>
    typeof value === "string" ? undefined : mustBe("the path of a folder", value),
  );
  const folder = folderOf(path as string);
  const platform = globalThis as unknown as Platform;
  const locks = platform.navigator?.locks;
  return new OpfsStorage(folder, {
    files: platformFiles(platform),
    lock: locks === undefined ? undefined : webLocks(locks),
    runtime: options.runtime ?? systemRuntime(),
  });
}

/**
 * The storage that an `opfs:///folder` URL names.
 * @throws {cannot-parse-url} a URL with a host, or that does not parse
 */
export function opfsStorageFromUrl(text: string, runtime: Runtime | undefined): Storage {
  let path: string | undefined;
  try {
    const url = new URL(text);
    if (url.host === "" && url.search === "" && url.hash === "")
      path = decodeURIComponent(url.pathname);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof URIError)) throw error;
  }
  if (path !== undefined) return opfsStorage({ path, runtime });
  throw makeError("cannot-parse-url", `${describe(text)} is no opfs:///folder`, {
    details: { url: text },
  });
}
