/** What every reader of a file format yields: variables as stored, before any CF decoding. */
import type { JsonValue } from "../../codec/json.ts";
import type { ArraySource } from "../array/array-source.ts";
import type { DatasetWarning } from "../model/warning.ts";

/**
 * Attributes in the file's order, in the spelling that JSON gives them; numbers may be NaN or
 * infinite. `float32Names`: attributes that are single-precision numbers, which decides in which
 * precision packed values are decoded.
 */
export interface RawAttributes {
  readonly values: ReadonlyMap<string, JsonValue>;
  readonly float32Names: ReadonlySet<string>;
}

/** One variable as stored. */
export interface RawVariable {
  readonly name: string;
  readonly dims: readonly string[];
  readonly source: ArraySource;
  readonly attributes: RawAttributes;
  /** Facts about the storage that are not attributes: chunk shape, name of the char dimension. */
  readonly encoding: Readonly<Record<string, unknown>>;
}

/** A file's variables and its own attributes. */
export interface RawDataset {
  readonly variables: readonly RawVariable[];
  readonly attributes: RawAttributes;
  /** Dimensions that can grow. */
  readonly unlimited: readonly string[];
  /** Variables that cannot be held, and why. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  /** What was left out, in the file's order. */
  readonly warnings: readonly DatasetWarning[];
  close(): Promise<void>;
}
