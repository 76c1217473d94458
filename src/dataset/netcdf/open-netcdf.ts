/** Opens NetCDF files, whichever version: NetCDF-3 by our own reader, NetCDF-4 through h5wasm. */
import { hexOf } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe, functionKind, mustBe } from "../../base/options.ts";
import type { ArraySource } from "../array/array-source.ts";
import type { Dataset } from "../model/dataset.ts";
import { checkOpenOptions, datasetOfRaw, type OpenOptions } from "../model/dataset-of-raw.ts";
import { type ByteSource, blobSource, bytesSource, urlSource } from "./byte-source.ts";
import { isNetcdf3 } from "./netcdf3-header.ts";
import { isHdf5, openHdf5Bytes } from "./open-hdf5.ts";
import type { RawDataset } from "./raw-variable.ts";
import { readNetcdf3 } from "./read-netcdf3.ts";

/** Options of `openNetcdf`. */
export interface OpenNetcdfOptions extends OpenOptions {
  /** Path of the group, such as `/inner/deep`. Default: the root. NetCDF-3 has no other. */
  readonly group?: string | undefined;
  /** Used for URLs. Default: the platform's own. */
  readonly fetch?: typeof fetch | undefined;
}

/** Enough to tell the versions apart. */
const SIGNATURE_BYTES = 8;
/** Groups that a message names. */
const GROUPS_LISTED_MAX = 10;

/** What `openNetcdf` takes. */
export type NetcdfInput = Uint8Array | Blob | URL;

/**
 * The dataset in a NetCDF file. NetCDF-3 is read on demand, from URLs by range requests; NetCDF-4
 * is fetched whole and needs the package `h5wasm`. Times that cannot be decoded stay numbers, with
 * a warning.
 * @throws {invalid-file-format} not a NetCDF file, or damaged
 * @throws {unimplemented} a variable that cannot be held, by name: see `dropVariables`
 * @throws {node-not-found} there is no such group
 * @throws {missing-dependency} NetCDF-4 without h5wasm
 * @throws {io} a URL that cannot be read
 * @throws {invalid-option} neither bytes nor a Blob nor an http(s) URL
 */
export async function openNetcdf(
  input: NetcdfInput,
  options: OpenNetcdfOptions = {},
): Promise<Dataset> {
  checkNetcdfOptions(options);
  return openSource(await sourceOf(input, options), options, openHdf5Bytes);
}

/** @throws {invalid-option} an unknown option or a wrong value */
export function checkNetcdfOptions(options: OpenNetcdfOptions): void {
  checkOpenOptions("openNetcdf", options, { fetch: functionKind, group: groupPath });
}

function groupPath(value: unknown): string | undefined {
  return typeof value === "string" ? undefined : mustBe("the path of a group", value);
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

type OpenHdf5 = (source: ByteSource, group: string, signal?: AbortSignal) => Promise<RawDataset>;

/** Opens a file through a source; `openHdf5` opens it if it is NetCDF-4. Closes both on failure. */
export async function openSource(
  source: ByteSource,
  options: OpenNetcdfOptions,
  openHdf5: OpenHdf5,
): Promise<Dataset> {
  const { signal } = options;
  const group = `/${(options.group ?? "").split("/").filter(Boolean).join("/")}`;
  let raw: RawDataset | undefined;
  try {
    const end = Math.min(SIGNATURE_BYTES, source.sizeBytes);
    const start = await source.read(0, end, signal);
    if (isHdf5(start)) raw = await openHdf5(source, group, signal);
    else if (!isNetcdf3(start)) throw noNetcdf(source, start);
    else if (group === "/") raw = await readNetcdf3(source, signal);
    else throw noGroups(source, group);
    return toDataset(source.name, group, refusingOnceClosed(source.name, raw), options);
  } catch (error) {
    try {
      await raw?.close();
    } finally {
      await source.close();
    }
    throw error;
  }
}

/** The same; values that are read after it was closed are refused, whatever is behind it. */
function refusingOnceClosed(name: string, raw: RawDataset): RawDataset {
  let isClosed = false;
  const guarded = (variable: string, source: ArraySource): ArraySource => ({
    ...source,
    read(box, signal) {
      if (!isClosed) return source.read(box, signal);
      const message = `variable ${variable} was not loaded before the dataset of ${name} was closed`;
      return Promise.reject(
        makeError("not-allowed", message, { details: { object: name, variable } }),
      );
    },
  });
  return {
    ...raw,
    variables: raw.variables.map((variable) => ({
      ...variable,
      source: guarded(variable.name, variable.source),
      ...(variable.characters && { characters: guarded(variable.name, variable.characters) }),
    })),
    close() {
      isClosed = true;
      return raw.close();
    },
  };
}

function noGroups({ name }: ByteSource, path: string): Error {
  return makeError("node-not-found", `${name} is a NetCDF-3 file, which has no group ${path}`, {
    details: { object: name, path },
  });
}

function noNetcdf(source: ByteSource, start: Uint8Array): Error {
  const found = hexOf(start, " ");
  return makeError(
    "invalid-file-format",
    `${source.name} is no NetCDF file: it begins with ${found === "" ? "nothing" : found}`,
    { details: { object: source.name, offset: 0 } },
  );
}

function toDataset(
  name: string,
  group: string,
  raw: RawDataset,
  options: OpenNetcdfOptions,
): Dataset {
  checkIsThere(name, raw, options);
  const refused = raw.refused.filter((variable) => !options.dropVariables?.includes(variable.name));
  if (refused.length > 0) {
    const list = refused.map((variable) => `${variable.name} (${variable.reason})`).join(", ");
    throw makeError(
      "unimplemented",
      `${name}: cannot hold ${list}; dropVariables leaves variables out`,
      {
        details: { object: name, variables: refused.map(({ name, reason }) => ({ name, reason })) },
      },
    );
  }
  const below = group === "/" ? "/" : `${group}/`;
  const isBelow = (path: string): boolean =>
    path.startsWith(below) && !path.slice(below.length).includes("/");
  return datasetOfRaw(
    {
      variables: raw.variables,
      others: raw.refused,
      attributes: raw.attributes.values,
      encoding: raw.unlimited.length === 0 ? {} : { unlimited_dims: [...raw.unlimited] },
      groups: raw.groups.filter(isBelow),
      warnings: raw.warnings,
      close: () => raw.close(),
    },
    options,
  );
}

/** A file of groups alone is not taken for an empty one. */
function checkIsThere(
  name: string,
  { variables, refused, groups }: RawDataset,
  { group }: OpenNetcdfOptions,
): void {
  if (group !== undefined || variables.length + refused.length > 0 || groups.length === 0) return;
  const listed = groups.slice(0, GROUPS_LISTED_MAX).join(", ");
  const more = groups.length > GROUPS_LISTED_MAX ? " and more" : "";
  throw makeError(
    "invalid-option",
    `${name} has no variables in its root, only in groups: the option group opens one of ${listed}${more}, or "/" the empty root`,
    { details: { object: name, option: "group", groups: [...groups] } },
  );
}
