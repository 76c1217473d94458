/**
 * The sample files of the xarray tutorials (github.com/pydata/xarray-data): fetched once into a
 * cache folder, then opened from there.
 */
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { anything, describe, functionKind } from "../../base/options.ts";
import type { Dataset } from "../model/dataset.ts";
import { checkOpenOptions, type OpenOptions } from "../model/dataset-of-raw.ts";
import { isNetcdf3 } from "../netcdf/netcdf3-header.ts";
import { isHdf5 } from "../netcdf/open-hdf5.ts";
import { type Download, type DownloadProgress, download } from "./download.ts";
import { openNetcdf } from "./open-file.ts";

/** Where the collection lies. */
const BASE_URL = "https://github.com/pydata/xarray-data/raw/master/";

/** Options of `openTutorial`. */
export interface OpenTutorialOptions extends OpenOptions {
  /** Default: `icefloe/xarray-data` in the user's cache folder. */
  readonly cacheFolder?: string | undefined;
  /** Where the files lie. Default: the collection on GitHub. */
  readonly baseUrl?: string | URL | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * The dataset in a file of the collection, such as `rasm` or `air_temperature`. Fetched once: into
 * the cache folder, whole or not at all, going on where an earlier try broke off.
 * @throws {io} the file cannot be fetched; the message says where to put it by hand
 * @throws {invalid-option} a name that cannot be a file's
 * @throws {unimplemented} a variable that cannot be held, by name: see `dropVariables`
 * @throws {missing-dependency} NetCDF-4 without h5wasm
 */
export async function openTutorial(
  name: string,
  options: OpenTutorialOptions = {},
): Promise<Dataset> {
  checkOpenOptions("openTutorial", options, {
    cacheFolder: anything,
    baseUrl: anything,
    fetch: functionKind,
    onProgress: functionKind,
  });
  const { cacheFolder, baseUrl, fetch: ownFetch, onProgress, ...openOptions } = options;
  const fileName = fileNameOf(name);
  const folder = resolve(cacheFolder ?? defaultCacheFolder());
  const path = join(folder, fileName);
  if (!(await isThere(path))) {
    const base = String(baseUrl ?? BASE_URL);
    await fetchInto(path, {
      url: new URL(fileName, base.endsWith("/") ? base : `${base}/`),
      folder,
      name: fileName,
      fetch: ownFetch ?? fetch,
      signal: options.signal,
      onProgress,
      checkStart: assertNetcdf,
    });
  }
  return openNetcdf(path, openOptions);
}

function fileNameOf(name: string): string {
  if (typeof name !== "string" || !/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) {
    throw makeError(
      "invalid-option",
      `openTutorial: ${describe(name)} is no name of a sample file`,
      { details: { name: describe(name) } },
    );
  }
  return /\.nc4?$/.test(name) ? name : `${name}.nc`;
}

function defaultCacheFolder(): string {
  const { env, platform } = process;
  const base =
    env["XDG_CACHE_HOME"] ??
    (platform === "win32" ? env["LOCALAPPDATA"] : undefined) ??
    (platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache"));
  return join(base, "icefloe", "xarray-data");
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: { code?: string }) => {
      if (error.code === "ENOENT") return false;
      throw makeError("io", `cannot look at ${path}`, { details: { path }, cause: error });
    },
  );
}

async function fetchInto(path: string, wanted: Download): Promise<void> {
  try {
    await download(wanted);
  } catch (cause) {
    wanted.signal?.throwIfAborted();
    const why = isIcefloeError(cause) ? ` (${cause.message})` : "";
    throw makeError(
      "io",
      `cannot fetch ${wanted.url.href}${why}; to go on without a network, put the file at ${path}`,
      { details: { url: wanted.url.href, path }, cause },
    );
  }
}

function assertNetcdf(start: Uint8Array): void {
  if (isNetcdf3(start) || isHdf5(start)) return;
  throw makeError("invalid-file-format", "what the server sent is no NetCDF file", {
    details: { start: Array.from(start) },
  });
}
