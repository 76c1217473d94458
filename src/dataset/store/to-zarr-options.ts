/** What users say to `toZarr`. */
import type { Encoding } from "../model/encoding.ts";
import type { RegionOption } from "./region.ts";

/**
 * What happens to an existing store: `w-` refuses an existing group, `w` replaces it with all below it,
 * `a` keeps it and overwrites variables of the same name, `r+` only writes into existing ones.
 * `a-`, only with `appendDim`, is `a` but does not even compare data variables without that dimension.
 */
export type WriteMode = "w" | "w-" | "a" | "a-" | "r+";

/** Options of `toZarr`. */
export interface ToZarrOptions {
  /** Default: `w-`; with `region` `r+`; with `appendDim` `a`. */
  readonly mode?: WriteMode | undefined;
  /**
   * False writes metadata, coordinates, and variables of a single chunk that have data; the rest
   * comes by region. With `appendDim` the arrays grow, and nothing but that is appended.
   */
  readonly compute?: boolean | undefined;
  /** Per variable; keys as xarray names them. */
  readonly encoding?: Readonly<Record<string, Readonly<Encoding>>> | undefined;
  /**
   * The part of existing arrays that is written: `'auto'` finds it by the index coordinates, or per
   * dimension `{ start, end }` or `'auto'`. Coordinates are never written, but compared; so are
   * variables of one chunk. Larger variables that have no part of the region to themselves are left
   * alone: write them once, in a dataset of their own with the region `{}`.
   */
  readonly region?: RegionOption | undefined;
  /** False lets a region share chunks with other writers. Default: true. */
  readonly safeChunks?: boolean | undefined;
  /**
   * True also writes data variables that have no part of the region to themselves, or that do not
   * have the `appendDim`. Default: false.
   */
  readonly writeInvariant?: boolean | undefined;
  /**
   * Appends along this dimension. Existing coordinates without it must have the values that are
   * stored, and are never written; so must data variables of one chunk. Larger ones are left alone.
   * Costs the chunks that are compared.
   */
  readonly appendDim?: string | undefined;
  /** Path of the group. Default: the root. Groups above it are made. */
  readonly group?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}
