/** Makes a local storage: checks its options and puts its parts together. */
import { makeError } from "../../base/errors.ts";
import { anything, checkOption, checkOptions, describe, oneOf } from "../../base/options.ts";
import { type Runtime, systemRuntime } from "../../base/runtime.ts";
import type { Storage } from "../port.ts";
import { withDescriptorLimit } from "./descriptor-limit.ts";
import { createDrafts } from "./drafts.ts";
import type { FileSystem } from "./file-system.ts";
import { createFolders } from "./folders.ts";
import { type Durability, LocalStorage } from "./local-storage.ts";
import { builtinModule, nodeFileSystem } from "./node-file-system.ts";

/** Options of `localFilesystemStorage`. */
export interface LocalFilesystemOptions {
  /**
   * What survives a power loss once it is acknowledged; default `metadata`: everything but the
   * payloads of chunks. `full` syncs those too; `none` syncs nothing.
   */
  readonly durability?: Durability | undefined;
  /** Clock, randomness and sleep. Default: the system's. */
  readonly runtime?: Runtime | undefined;
  /** The platform's files; tests put a double here. Default: those of `node:fs`. */
  readonly fileSystem?: FileSystem | undefined;
}

/** The absolute path that `path` (relative, absolute, or a `file:` URL) names. */
function absolutePath(path: string | URL): string {
  // Two letters at least, for "c:/data" is a folder.
  const isUrl =
    path instanceof URL ||
    (typeof path === "string" && /^(file:|[a-z][a-z0-9+.-]+:\/\/)/i.test(path));
  if (isUrl) {
    try {
      return builtinModule("node:url").fileURLToPath(path);
    } catch (error) {
      throw makeError("cannot-parse-url", `${String(path)} is no file: URL of this machine`, {
        details: { url: String(path) },
        cause: error,
      });
    }
  }
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw makeError("invalid-path", `localFilesystemStorage: no folder path: ${describe(path)}`, {
      details: { path: String(path) },
    });
  }
  return builtinModule("node:path").resolve(path);
}

/**
 * A storage in the folder `path`, in the official layout; nothing is read or made before it is
 * used, and a missing folder is an empty storage. Conditional puts hold between processes on one
 * machine, and on network file systems whose `rename` is atomic.
 * @throws {invalid-path} not the path of a folder
 * @throws {cannot-parse-url} a URL that is not `file:`, or not of this machine
 * @throws {missing-dependency} where there are no local files
 *
 * @example
 * const storage = localFilesystemStorage("./weather", { durability: "full" });
 */
export function localFilesystemStorage(
  path: string | URL,
  options?: LocalFilesystemOptions,
): Storage {
  checkOptions("localFilesystemStorage", options, {
    durability: anything,
    runtime: anything,
    fileSystem: anything,
  });
  const durability = options?.durability ?? "metadata";
  const known = oneOf(["none", "metadata", "full"]);
  checkOption("localFilesystemStorage", "durability", durability, known);
  const root = absolutePath(path);
  const runtime = options?.runtime ?? systemRuntime();
  const platform = options?.fileSystem ?? nodeFileSystem(runtime);
  const fileSystem = withDescriptorLimit(platform, runtime);
  const folders = createFolders(fileSystem, root);
  const drafts = createDrafts(fileSystem, folders, root, runtime);
  const settled = new Set<string>();
  return new LocalStorage(root, durability, { fileSystem, folders, drafts, runtime, settled });
}
