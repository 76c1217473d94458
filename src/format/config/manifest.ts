/**
 * How manifests are split, preloaded and compressed: the part of the configuration that keeps the
 * names and nesting of its stored form. Upstream's own documents call it the serde JSON form.
 */

/** A pattern in the syntax of Rust's `regex` crate, found anywhere in the text. */
export interface RegexCondition {
  readonly regex: string;
}

/** Which arrays a splitting rule is for. `path_matches`: the whole path; `name_matches`: its end. */
export type ManifestSplitCondition =
  | { readonly or: readonly ManifestSplitCondition[] }
  | { readonly and: readonly ManifestSplitCondition[] }
  | { readonly path_matches: RegexCondition }
  | { readonly name_matches: RegexCondition }
  | { readonly any_array: null }
  | "any_array";

/** Which dimensions of an array a size is for. */
export type ManifestSplitDimensionCondition =
  | { readonly Axis: number }
  | { readonly DimensionName: string }
  | { readonly Any: null }
  | "Any";

/** How many chunks one manifest spans along the dimensions that match. */
export interface ManifestSplitDimension {
  readonly condition: ManifestSplitDimensionCondition;
  /** 1 to 4294967295, which is: never split. */
  readonly num_chunks: number;
}

/** One rule: the arrays it is for, and sizes of which each dimension takes the first that fits. */
export type ManifestSplitRule = readonly [
  ManifestSplitCondition,
  readonly ManifestSplitDimension[],
];

/** How arrays are split into manifests. Without rules: one manifest per array. */
export interface ManifestSplittingConfig {
  readonly split_sizes?: readonly ManifestSplitRule[] | null | undefined;
}

/** One end of a range of counts. */
export type CountBound =
  | "Unbounded"
  | { readonly Unbounded: null }
  | { readonly Included: number }
  | { readonly Excluded: number };

/** Which manifests are read ahead when a session starts. */
export type ManifestPreloadCondition =
  | { readonly or: readonly ManifestPreloadCondition[] }
  | { readonly and: readonly ManifestPreloadCondition[] }
  | { readonly path_matches: RegexCondition }
  | { readonly name_matches: RegexCondition }
  | { readonly num_refs: { readonly from: CountBound; readonly to: CountBound } }
  | { readonly true: null }
  | { readonly false: null }
  | "true"
  | "false";

/** Reading ahead. */
export interface ManifestPreloadConfig {
  /** References read ahead in all; 0 turns it off. */
  readonly max_total_refs?: number | null | undefined;
  readonly preload_if?: ManifestPreloadCondition | null | undefined;
  /** Arrays looked at, in the order of their paths. */
  readonly max_arrays_to_scan?: number | null | undefined;
}

/** Compression of virtual locations by a dictionary kept in the manifest. */
export interface LocationCompressionConfig {
  /** Fewest virtual references of a manifest that is compressed. */
  readonly min_num_chunks?: number | null | undefined;
  readonly dictionary_max_training_samples?: number | null | undefined;
  readonly dictionary_max_size_bytes?: number | null | undefined;
  /** A zstd level. */
  readonly compression_level?: number | null | undefined;
}

/** Everything about manifests. */
export interface ManifestConfig {
  readonly preload?: ManifestPreloadConfig | null | undefined;
  readonly splitting?: ManifestSplittingConfig | null | undefined;
  readonly virtual_chunk_location_compression?: LocationCompressionConfig | null | undefined;
  readonly max_concurrent_manifest_fetches_during_commit?: number | null | undefined;
}

/** `T` with nothing left out. */
export type Resolved<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> };

/** `ManifestConfig` with nothing left out. */
export interface ResolvedManifestConfig extends Resolved<ManifestConfig> {
  readonly preload: Resolved<ManifestPreloadConfig>;
  readonly splitting: Resolved<ManifestSplittingConfig>;
  readonly virtual_chunk_location_compression: Resolved<LocationCompressionConfig>;
}

/** The size that stands for: never split. */
export const UNSPLIT = 0xffff_ffff;

// Names that coordinate arrays usually have, by the CF conventions; shared by all clients.
const COORDINATE_NAMES = [
  "^\\bt\\b$|^(time|min|hour|day|week|month|year)[0-9]*$",
  "^(z|nav_lev|gdep|lv_|[o]*lev|bottom_top|sigma|h(ei)?ght|altitude|depth|isobaric|pres|isotherm)[a-z_]*[0-9]*$",
  "^(y|j|nlat|rlat|nj)$",
  "^y?(nav_lat|lat|gphi)[a-z0-9]*$",
  "^x?(nav_lon|lon|glam)[a-z0-9]*$",
  "^(x|i|nlon|rlon|ni)$",
];

/** What applies where nothing is configured: small coordinate arrays are preloaded, none is split. */
export const DEFAULT_MANIFEST_CONFIG: ResolvedManifestConfig = {
  preload: {
    max_total_refs: 10_000,
    preload_if: {
      and: [
        { or: COORDINATE_NAMES.map((regex) => ({ name_matches: { regex } })) },
        { num_refs: { from: "Unbounded", to: { Included: 1000 } } },
      ],
    },
    max_arrays_to_scan: 50,
  },
  splitting: {
    split_sizes: [[{ path_matches: { regex: ".*" } }, [{ condition: "Any", num_chunks: UNSPLIT }]]],
  },
  virtual_chunk_location_compression: {
    min_num_chunks: 1000,
    dictionary_max_training_samples: 100,
    dictionary_max_size_bytes: 2048,
    compression_level: 3,
  },
  max_concurrent_manifest_fetches_during_commit: 1,
};
