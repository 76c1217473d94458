/**
 * The part of `h5wasm` that is used, and loading it: an optional peer, imported when the first
 * NetCDF-4 file is opened. Its failures become icefloe errors that name the file.
 */
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { loadPackage } from "../../base/optional-package.ts";

/** A type as HDF5 describes it. `type`: H5T class number. */
export interface Hdf5Type {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly vlen: boolean;
  readonly cset?: number;
  readonly shape: readonly number[] | null;
  readonly total_size: number;
  readonly enum_type?: { readonly type: number };
}

/** H5T class numbers of types that are read. */
export const HDF5_CLASS = { integer: 0, float: 1, string: 3, enum: 8 } as const;

/** The module's low level: ids and pointers. */
interface Hdf5Module {
  readonly HEAPU8: Uint8Array;
  readonly H5G_DATASET: number;
  readonly H5G_GROUP: number;
  readonly FS: {
    writeFile(path: string, bytes: Uint8Array): void;
    unlink(path: string): void;
  };
  _malloc(byteCount: number): number;
  _free(pointer: number): void;
  get_type(file: bigint, path: string): number;
  get_names(file: bigint, path: string, isRecursive: boolean): string[];
  get_attribute_names(file: bigint, path: string): string[];
  get_attribute_metadata(file: bigint, path: string, name: string): Hdf5Type;
  get_attribute_data(file: bigint, path: string, name: string, pointer: bigint): number;
  get_dataset_metadata(file: bigint, path: string): Hdf5Type;
  get_dataset_data(
    file: bigint,
    path: string,
    count: bigint[] | null,
    offset: bigint[] | null,
    strides: bigint[] | null,
    pointer: bigint,
  ): number;
  get_attached_scales(file: bigint, path: string, axis: number): string[];
  activate_throwing_error_handler(): number;
  deactivate_throwing_error_handler(): number;
}

/** What `import("h5wasm")` gives. */
export interface Hdf5Library {
  readonly ready: Promise<Hdf5Module>;
  readonly File: new (path: string, mode: "r") => { readonly file_id: bigint; close(): unknown };
  readonly Dataset: new (file: bigint, path: string) => { slice(ranges: number[][]): unknown };
  readonly Attribute: new (file: bigint, path: string, name: string) => { readonly value: unknown };
}

/** Loads the library. @throws {missing-dependency} if it is not installed */
export function loadHdf5(load: () => Promise<unknown>): Promise<Hdf5Library> {
  return loadPackage("h5wasm", "NetCDF-4 files need", load);
}

/** The library as bundlers and browsers find it; works in Node too. */
export function importHdf5(): Promise<unknown> {
  return import("h5wasm");
}

/** An open file. */
export interface Hdf5File {
  /** Names the file in messages. */
  readonly name: string;
  readonly library: Hdf5Library;
  readonly module: Hdf5Module;
  readonly id: bigint;
}

/** Runs `work`; what HDF5 reports becomes `invalid-file-format` naming the file and `what`. */
export function guarded<T>(
  { name, module }: Pick<Hdf5File, "name" | "module">,
  what: string,
  work: () => T,
): T {
  module.activate_throwing_error_handler();
  try {
    return work();
  } catch (cause) {
    if (isIcefloeError(cause)) throw cause;
    throw makeError("invalid-file-format", `${name}: HDF5 could not read ${what}`, {
      details: { object: name, what },
      cause,
    });
  } finally {
    module.deactivate_throwing_error_handler();
  }
}

/** A fresh copy of `byteCount` bytes that `fill` writes at a pointer in the module's memory. */
export function bytesFrom(
  module: Hdf5Module,
  byteCount: number,
  fill: (pointer: bigint) => void,
): Uint8Array {
  const pointer = module._malloc(Math.max(1, byteCount));
  if (pointer === 0) {
    throw makeError("invalid-option", `${byteCount} bytes are more than HDF5 can read at once`, {
      details: { byteCount },
    });
  }
  try {
    fill(BigInt(pointer));
    return module.HEAPU8.slice(pointer, pointer + byteCount);
  } finally {
    module._free(pointer);
  }
}
