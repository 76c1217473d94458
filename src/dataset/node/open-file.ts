/** Opens NetCDF files by path: both versions are read from disk as they are needed. */

import { lazyPart } from "../../base/lazy-part.ts";
import type { Dataset } from "../model/dataset.ts";
import { type Hdf5Library, missingHdf5 } from "../netcdf/hdf5.ts";
import { openHdf5 } from "../netcdf/open-hdf5.ts";
import {
  checkNetcdfOptions,
  type NetcdfInput,
  type OpenNetcdfOptions,
  openNetcdf as openAnywhere,
  openSource,
} from "../netcdf/open-netcdf.ts";
import { fileSource, pathOf } from "./file-source.ts";

/**
 * The dataset in a NetCDF file: by path or `file:` URL, or as `openNetcdf` of `icefloe/dataset`.
 * The file stays open until `close()` of the dataset.
 * @throws {io} a file or URL that cannot be read
 * @throws {invalid-file-format} not a NetCDF file, or damaged
 * @throws {unimplemented} a variable that cannot be held, by name: see `dropVariables`
 * @throws {node-not-found} there is no such group
 * @throws {missing-dependency} NetCDF-4 without h5wasm
 */
export async function openNetcdf(
  input: string | NetcdfInput,
  options: OpenNetcdfOptions = {},
): Promise<Dataset> {
  const isFile = typeof input === "string" || (input instanceof URL && input.protocol === "file:");
  if (!isFile) return openAnywhere(input as NetcdfInput, options);
  checkNetcdfOptions(options);
  const path = pathOf(input as string | URL);
  return openSource(await fileSource(path), options, async (source, group) => {
    const library = await loadHdf5OfNode();
    await source.close();
    return openHdf5(library, { name: path, path, group, release: () => undefined });
  });
}

/** This build of h5wasm reads the machine's own files. */
const loadHdf5OfNode = /* @__PURE__ */ lazyPart(async () => {
  try {
    return (await import("h5wasm/node")) as unknown as Hdf5Library;
  } catch (cause) {
    throw missingHdf5(cause);
  }
});
