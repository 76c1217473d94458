/** How variables are stored, in xarray's words. */
import { makeError } from "../../base/errors.ts";
import { describe, isPlainObject, mustBe } from "../../base/options.ts";
import type { Dtype } from "./data.ts";

/** The type that values are stored as: by its name, or as numpy abbreviates it (`<f4`, `i2`, `S8`). */
export type StoredDtype =
  | Exclude<Dtype, "datetime" | "bytes">
  | "str"
  | "object"
  | "?"
  | "b1"
  | `${"" | "<" | ">" | "=" | "|"}${`${"i" | "u"}${1 | 2 | 4 | 8}` | `f${2 | 4 | 8}` | `${"U" | "S"}${number}`}`;

/** A codec as zarr.json names it, or its name alone. */
export type EncodingCodec =
  | string
  | {
      readonly name: string;
      readonly configuration?: Readonly<Record<string, unknown>> | undefined;
    };

/** A value that stands for what is missing. */
export type FillValue = number | bigint | boolean | string;

/**
 * How a variable is stored; keys as xarray names them, `null` as its `None`. What a file says of
 * its variables is here too, so that a copy is stored alike.
 */
export type Encoding = {
  /** Elements per chunk and dimension. Default: the array up to 1 MiB, else parts of about 2 MiB. */
  chunks?: readonly number[] | null | undefined;
  /** Elements per shard and dimension, multiples of `chunks`; none unless given. */
  shards?: readonly number[] | null | undefined;
  /** Compressors, in order; `null` or `[]`: none. Default: zstd. */
  compressors?: "auto" | EncodingCodec | readonly EncodingCodec[] | null | undefined;
  /** Only none: filters are not supported. */
  filters?: readonly EncodingCodec[] | null | undefined;
  /** `bytes`, with its byte order. */
  serializer?: EncodingCodec | null | undefined;
  /** What elements without a chunk read as. Default: `_FillValue` of integers; NaN, 0, false, "". */
  fill_value?: FillValue | null | undefined;
  /** Only `default`. */
  chunk_key_encoding?: EncodingCodec | undefined;
  /** True stores chunks of nothing but the fill value too. */
  write_empty_chunks?: boolean | undefined;
  /** Names for the `coordinates` attribute, with spaces between; `null`: no attribute. */
  coordinates?: string | null | undefined;
  /** Default: as in memory. */
  dtype?: StoredDtype | null | undefined;
  /** Stored values are (value - add_offset) / scale_factor. */
  scale_factor?: number | null | undefined;
  add_offset?: number | null | undefined;
  /** The stored value that means "missing"; `null`: none. Default: NaN of floats. */
  _FillValue?: FillValue | readonly FillValue[] | null | undefined;
  missing_value?: FillValue | readonly FillValue[] | null | undefined;
  /** "true": the integers are to be read as unsigned. */
  _Unsigned?: string | boolean | undefined;
  /** Of times: such as `hours since 2000-01-01`. */
  units?: string | null | undefined;
  calendar?: string | null | undefined;
  /** What a file says, and Zarr does not store. */
  char_dim_name?: string | undefined;
  _Encoding?: string | undefined;
};

/** What each key is about: what values are stored as, how bytes are, or what a file said. */
const KEYS: Readonly<Record<keyof Encoding, "values" | "bytes" | "file">> = {
  chunks: "bytes",
  shards: "bytes",
  compressors: "bytes",
  filters: "bytes",
  serializer: "bytes",
  fill_value: "bytes",
  chunk_key_encoding: "bytes",
  write_empty_chunks: "bytes",
  coordinates: "bytes",
  dtype: "values",
  scale_factor: "values",
  add_offset: "values",
  _FillValue: "values",
  missing_value: "values",
  _Unsigned: "values",
  units: "values",
  calendar: "values",
  char_dim_name: "file",
  _Encoding: "file",
};

/** Keys that say what values are stored as; given together, they replace each other. */
export const CODING_KEYS: readonly string[] = Object.entries(KEYS).flatMap(([key, about]) =>
  about === "values" ? key : [],
);

/** @throws {invalid-option} keys that no encoding has, by name */
export function checkEncodingKeys(encoding: unknown, owner: string): void {
  if (!isPlainObject(encoding)) {
    throw invalid(owner, `encoding ${mustBe("an object", encoding)}`);
  }
  const unknown = Object.keys(encoding).filter((key) => !Object.hasOwn(KEYS, key));
  if (unknown.length === 0) return;
  const known = Object.keys(KEYS).filter((key) => KEYS[key as keyof Encoding] !== "file");
  throw invalid(owner, `unexpected encoding ${unknown.join(", ")}; known: ${known.join(", ")}`, {
    unknown,
  });
}

/** One length per dimension. @throws {invalid-option} lengths of `chunks` or `shards` */
export function checkLengths(value: unknown, key: string, rank: number, owner: string): void {
  if (isLengths(value, rank)) return;
  const found = Array.isArray(value) ? `[${value.join(", ")}]` : describe(value);
  throw invalid(owner, `${key} must be ${rank} positive integers, got ${found}`, { option: key });
}

/** Whether the value is one length per dimension. */
export function isLengths(value: unknown, rank: number): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length === rank &&
    value.every((size) => Number.isSafeInteger(size) && size > 0)
  );
}

/** The encoding of a variable of `rank` dimensions that a user makes. @throws {invalid-option} */
export function checkEncoding(encoding: Readonly<Encoding>, rank: number, owner: string): void {
  checkEncodingKeys(encoding, owner);
  const { chunks, shards } = encoding;
  for (const [key, lengths] of Object.entries({ chunks, shards })) {
    if (lengths !== undefined && lengths !== null) checkLengths(lengths, key, rank, owner);
  }
}

function invalid(owner: string, what: string, details: object = {}): Error {
  return makeError("invalid-option", `${owner}: ${what}`, {
    details: { variable: owner, ...details },
  });
}
