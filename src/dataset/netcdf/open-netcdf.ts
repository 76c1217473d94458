/** Opens NetCDF files, whichever version: NetCDF-3 by our own reader, NetCDF-4 through h5wasm. */
import { hexOf } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe, functionKind } from "../../base/options.ts";
import type { Dataset } from "../model/dataset.ts";
import { checkOpenOptions, datasetOfRaw, type OpenOptions } from "../model/dataset-of-raw.ts";
import { type ByteSource, blobSource, bytesSource, urlSource } from "./byte-source.ts";
import { isNetcdf3 } from "./netcdf3-header.ts";
import { isHdf5, openHdf5Bytes } from "./open-hdf5.ts";
import type { RawDataset } from "./raw-variable.ts";
import { readNetcdf3 } from "./read-netcdf3.ts";

/** Options of `openNetcdf`. */
export interface OpenNetcdfOptions extends OpenOptions {
  /** Used for URLs. Default: the platform's own. */
  readonly fetch?: typeof fetch | undefined;
}

/** Enough to tell the versions apart. */
const SIGNATURE_BYTES = 8;

/** What `openNetcdf` takes. */
export type NetcdfInput = Uint8Array | Blob | URL;

/**
 * The dataset in a NetCDF file. NetCDF-3 is read on demand, from URLs by range requests; NetCDF-4
 * is fetched whole and needs the package `h5wasm`. Times that cannot be decoded stay numbers, with
 * a warning.
 * @throws {invalid-file-format} not a NetCDF file, or damaged
 * @throws {unimplemented} a variable that cannot be held, by name: see `dropVariables`
 * @throws {missing-dependency} NetCDF-4 without h5wasm
 * @throws {io} a URL that cannot be read
 * @throws {invalid-option} neither bytes nor a Blob nor an http(s) URL
 */
export async function openNetcdf(
  input: NetcdfInput,
  options: OpenNetcdfOptions = {},
): Promise<Dataset> {
  checkOpenOptions("openNetcdf", options, { fetch: functionKind });
  return openSource(await sourceOf(input, options), options, openHdf5Bytes);
}

async function sourceOf(input: NetcdfInput, options: OpenNetcdfOptions): Promise<ByteSource> {
  if (input instanceof Uint8Array) return bytesSource(input);
  if (typeof Blob !== "undefined" && input instanceof Blob) return blobSource(input);
  if (input instanceof URL && input.protocol !== "file:") return urlSource(input, options);
  throw makeError(
    "invalid-option",
    `openNetcdf: expected bytes, a Blob or an http(s) URL, got ${describe(input)}; paths are opened by icefloe/dataset/node`,
    { details: { found: describe(input) } },
  );
}

/** Opens a file through a source; `openHdf5` opens it if it is NetCDF-4. The source is closed on failure. */
export async function openSource(
  source: ByteSource,
  options: OpenOptions,
  openHdf5: (source: ByteSource, signal?: AbortSignal) => Promise<RawDataset>,
): Promise<Dataset> {
  try {
    const end = Math.min(SIGNATURE_BYTES, source.sizeBytes);
    const start = await source.read(0, end, options.signal);
    return toDataset(source.name, await readRaw(source, start, options, openHdf5), options);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readRaw(
  source: ByteSource,
  start: Uint8Array,
  { signal }: OpenOptions,
  openHdf5: (source: ByteSource, signal?: AbortSignal) => Promise<RawDataset>,
): Promise<RawDataset> {
  if (isNetcdf3(start)) return readNetcdf3(source, signal);
  if (isHdf5(start)) return openHdf5(source, signal);
  const found = hexOf(start, " ");
  throw makeError(
    "invalid-file-format",
    `${source.name} is no NetCDF file: it begins with ${found === "" ? "nothing" : found}`,
    { details: { object: source.name, offset: 0 } },
  );
}

async function toDataset(name: string, raw: RawDataset, options: OpenOptions): Promise<Dataset> {
  const refused = raw.refused.filter((variable) => !options.dropVariables?.includes(variable.name));
  if (refused.length > 0) {
    await raw.close();
    const list = refused.map((variable) => `${variable.name} (${variable.reason})`).join(", ");
    throw makeError(
      "unimplemented",
      `${name}: cannot hold ${list}; dropVariables leaves variables out`,
      { details: { object: name, variables: refused } },
    );
  }
  const encoding = raw.unlimited.length === 0 ? {} : { unlimited_dims: [...raw.unlimited] };
  const { variables, attributes, warnings } = raw;
  return datasetOfRaw(
    { variables, attributes: attributes.values, encoding, warnings, close: () => raw.close() },
    options,
  );
}
