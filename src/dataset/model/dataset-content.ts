/** A dataset as what writes it sees it: so that writing does not need the class that offers it. */
import type { JsonValue } from "../../codec/json.ts";
import type { Attributes } from "./array-input.ts";
import type { DataArray } from "./data-array.ts";

/** Variables that share dimensions, their coordinates, and attributes. */
export interface DatasetContent {
  readonly variables: Readonly<Record<string, DataArray>>;
  readonly coordinates: Readonly<Record<string, DataArray>>;
  readonly attributes: Readonly<Attributes>;
  /** Group attributes as they were spelled where they were read. */
  readonly spelling: ReadonlyMap<string, JsonValue>;
  readonly dims: readonly string[];
  /** Size of every dimension. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The variable or coordinate of that name, or `undefined`. */
  get(name: string): DataArray | undefined;
  /** Coordinates first, then data variables. */
  all(): DataArray[];
}
