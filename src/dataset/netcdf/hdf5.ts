/**
 * The part of `h5wasm` that is used, and loading it: an optional peer, imported when the first
 * NetCDF-4 file is opened. Its failures become icefloe errors that name the file.
 */
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import { missingPackage } from "../../base/optional-package.ts";

/** A type as HDF5 describes it. `type`: H5T class number. */
export interface Hdf5Type {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly vlen: boolean;
  readonly shape: readonly number[] | null;
  /** Beyond the safe integers for a dimension that can grow. */
  readonly maxshape?: readonly number[] | null;
  /** `null` where all is stored in one piece. */
  readonly chunks?: readonly number[] | null;
  readonly total_size: number;
  readonly vlen_type?: Pick<Hdf5Type, "type" | "size">;
}

/** H5T class numbers of types that are told apart. */
export const HDF5_CLASS = { integer: 0, float: 1, string: 3, reference: 7, enum: 8 } as const;

const CLASS_NAMES: Readonly<Record<number, string>> = {
  2: "time",
  4: "bit field",
  5: "opaque",
  6: "compound",
  7: "reference",
  8: "enum",
  9: "variable-length",
  10: "array",
};

/** A type in words: its class, or the size of a number that has no equal here. */
export function typeName({ type, size }: Hdf5Type): string {
  return CLASS_NAMES[type] ?? `${size}-byte number`;
}

/** Types of which neither the NetCDF library nor xarray shows a variable: bare bits and references. */
const LEFT_OUT_CLASSES: readonly number[] = [2, 4, 5, HDF5_CLASS.reference];

/** Whether variables of this type are left out. */
export function isLeftOut({ type }: Hdf5Type): boolean {
  return LEFT_OUT_CLASSES.includes(type);
}

/** An open file of the library's file system. */
interface FileStream {
  readonly fd?: number;
}

type WriteStream = (
  stream: FileStream,
  bytes: Uint8Array,
  offset: number,
  length: number,
  ...rest: unknown[]
) => number;

/** The module's low level: ids and pointers. */
export interface Hdf5Module {
  readonly HEAPU8: Uint8Array;
  readonly H5G_DATASET: number;
  readonly H5G_GROUP: number;
  readonly FS: {
    writeFile(path: string, bytes: Uint8Array): void;
    unlink(path: string): void;
    write: WriteStream;
  };
  _malloc(byteCount: number): number;
  _free(pointer: number): void;
  get_type(file: bigint, path: string): number;
  get_names(file: bigint, path: string, isRecursive: boolean): string[];
  get_attribute_names(file: bigint, path: string): string[];
  get_attribute_metadata(file: bigint, path: string, name: string): Hdf5Type;
  get_attribute_data(file: bigint, path: string, name: string, pointer: bigint): number;
  get_dataset_metadata(file: bigint, path: string): Hdf5Type;
  get_dataset_filters(
    file: bigint,
    path: string,
  ): ArrayLike<{ readonly id: number; readonly name: string }>;
  get_dataset_data(
    file: bigint,
    path: string,
    count: bigint[] | null,
    offset: bigint[] | null,
    strides: bigint[] | null,
    pointer: bigint,
  ): number;
  create_object_reference(file: bigint, path: string): ArrayLike<number>;
  get_attached_scales(file: bigint, path: string, axis: number): string[];
  activate_throwing_error_handler(): number;
  deactivate_throwing_error_handler(): number;
}

/** What `import("h5wasm")` gives. */
export interface Hdf5Library {
  readonly ready: Promise<Hdf5Module>;
  readonly File: new (path: string, mode: "r") => { readonly file_id: bigint; close(): unknown };
}

/** The library as bundlers and browsers find it; works in Node too. @throws {missing-dependency} */
export const loadHdf5 = /* @__PURE__ */ lazyPart(async () => {
  try {
    return (await import("h5wasm")) as unknown as Hdf5Library;
  } catch (cause) {
    throw missingHdf5(cause);
  }
});

/** The library could not be loaded. */
export function missingHdf5(cause: unknown): Error {
  return missingPackage("h5wasm", "NetCDF-4 files need", cause);
}

/** An open file. */
export interface Hdf5File {
  /** Names the file in messages. */
  readonly name: string;
  readonly module: Hdf5Module;
  readonly id: bigint;
}

/** Runs `work`; what HDF5 reports becomes `invalid-file-format` naming the file and `what`. */
export function guarded<T>(
  { name, module }: Pick<Hdf5File, "name" | "module">,
  what: string,
  work: () => T,
): T {
  try {
    return withComplaints(module, work);
  } catch (cause) {
    if (isIcefloeError(cause)) throw cause;
    throw makeError("invalid-file-format", `${name}: HDF5 could not read ${what}`, {
      details: { object: name, what },
      cause,
    });
  }
}

const STANDARD_ERROR = 2;

/**
 * Runs `work` and throws what HDF5 complains of meanwhile. It prints complaints, and these are caught
 * on their way out: the library's handler that throws instead jumps over the closing of objects, and
 * an open object keeps the file open for good.
 */
function withComplaints<T>({ FS }: Hdf5Module, work: () => T): T {
  const { write } = FS;
  let complaints = "";
  FS.write = (stream, bytes, offset, length, ...rest) => {
    if (stream.fd !== STANDARD_ERROR) {
      return write.call(FS, stream, bytes, offset, length, ...rest);
    }
    complaints += new TextDecoder().decode(bytes.slice(offset, offset + length));
    return length;
  };
  let result: T;
  try {
    result = work();
  } catch (cause) {
    throw complaints === "" ? cause : new Error(complaints.trim(), { cause });
  } finally {
    FS.write = write;
  }
  if (complaints !== "") throw new Error(complaints.trim());
  return result;
}

/** The type of the dataset at `path`. */
export function datasetType(file: Hdf5File, path: string): Hdf5Type {
  return guarded(file, `variable ${path}`, () =>
    thrownAtOnce(file.module, () => file.module.get_dataset_metadata(file.id, path)),
  );
}

/** The type of an attribute of the object at `path`. */
export function attributeType(file: Hdf5File, path: string, name: string): Hdf5Type {
  return guarded(file, `attribute ${name} of ${path}`, () =>
    thrownAtOnce(file.module, () => file.module.get_attribute_metadata(file.id, path, name)),
  );
}

/** Types of damaged objects must not be looked into. What fails here fails while it is opened. */
function thrownAtOnce<T>(module: Hdf5Module, work: () => T): T {
  module.activate_throwing_error_handler();
  try {
    return work();
  } finally {
    module.deactivate_throwing_error_handler();
  }
}
