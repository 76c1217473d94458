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
  /** Facts about the storage that are not attributes, such as the chunk shape. */
  readonly encoding: Readonly<Record<string, unknown>>;
  /** Of byte strings of one byte: the same as `uint8`, which rows of them are made of. */
  readonly characters?: ArraySource | undefined;
}

/** A variable that cannot be held. */
export interface RefusedVariable {
  readonly name: string;
  readonly dims: readonly string[];
  readonly reason: string;
}

/** The variables of a file's group, and the group's own attributes. */
export interface RawDataset {
  readonly variables: readonly RawVariable[];
  readonly attributes: RawAttributes;
  /** Dimensions that can grow. */
  readonly unlimited: readonly string[];
  /** Paths of all groups of the file but the root. */
  readonly groups: readonly string[];
  readonly refused: readonly RefusedVariable[];
  /** What was left out, in the file's order. */
  readonly warnings: readonly DatasetWarning[];
  close(): Promise<void>;
}
