/**
 * One variable: named dimensions, values, attributes, and the encoding it came with. Values of a
 * file or store stay there until they are needed; what is in memory is decoded.
 */
import { makeError } from "../../base/errors.ts";
import { checkOptions, SIGNAL } from "../../base/options.ts";
import { showAsText } from "../../base/show-as-text.ts";
import type { JsonValue } from "../../codec/json.ts";
import { wholeBox } from "../../zarr/box.ts";
import { selectSource } from "../array/axis-selection.ts";
import type { Values } from "../array/elements.ts";
import { decodedType, decodeValues } from "../cf/decode-values.ts";
import {
  type Attributes,
  type Content,
  memoryContent,
  partsOfInput,
  type VariableInput,
  VariableParts,
} from "./array-input.ts";
import type { Data, Dtype } from "./data.ts";
import type { Encoding } from "./encoding.ts";
import { type Indexers, parseIndexer } from "./indexers.ts";
import { summaryOfArray } from "./summary.ts";
import { TimeArray } from "./time-array.ts";

/** Options of operations that read. */
export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A `DataArray` made by a user. */
export type DataArrayInput = VariableInput & { readonly name: string };

/** One variable of a dataset. */
export class DataArray {
  /** Its name in the dataset. */
  readonly name: string;
  /** One name per dimension. */
  readonly dims: readonly string[];
  /** May be changed. */
  attributes: Attributes;
  /** How it was or is to be stored; may be changed. */
  encoding: Encoding;
  #content: Content;
  #data: Data | undefined;
  readonly #spelling: ReadonlyMap<string, JsonValue>;

  /** A variable in memory. @throws {invalid-option} data, dimensions and shape that do not fit */
  constructor(input: DataArrayInput);
  /** @internal Of parts that are made already. */
  constructor(input: VariableParts);
  constructor(input: DataArrayInput | VariableParts) {
    const parts = input instanceof VariableParts ? input : partsOfInput(input.name, input);
    this.name = parts.name;
    this.dims = parts.dims;
    this.attributes = parts.attributes;
    this.encoding = parts.encoding;
    this.#content = parts.content;
    this.#spelling = parts.spelling;
  }

  /** Sizes of the dimensions. */
  get shape(): readonly number[] {
    return this.#content.source.shape;
  }

  /** What its values are, decoded. */
  get dtype(): Dtype {
    return this.#content.coding.dtype;
  }

  /** How many values there are. */
  get size(): number {
    return this.shape.reduce((count, size) => count * size, 1);
  }

  /** Whether the values are in memory. */
  get isLoaded(): boolean {
    return this.#content.source.readNow !== undefined;
  }

  /**
   * The decoded values in memory, always the same array; changes to it are changes of the variable.
   * @throws {not-allowed} before `load()` for values that are not in memory; a template
   */
  get values(): Data {
    if (this.#data !== undefined) return this.#data;
    const { memory, readNow } = this.#content.source;
    if (memory !== undefined) return this.#keep(this.#decode(memory));
    if (this.isTemplate) throw noData(this.name);
    if (readNow === undefined) {
      throw makeError("not-allowed", `variable ${this.name} is not in memory: await load() first`, {
        details: { variable: this.name },
      });
    }
    return this.#keep(this.#decode(readNow(wholeBox(this.shape))));
  }

  /**
   * Reads the values into memory, once; resolves to this variable.
   * @throws {not-allowed} a template, which has no values; a file that was closed
   */
  async load(options?: LoadOptions): Promise<this> {
    checkOptions("load", options, SIGNAL);
    if (!this.isLoaded) this.#keep(await this.readValues(options?.signal));
    return this;
  }

  /**
   * A part by position: a number drops the dimension, a list or range keeps it. Nothing is read.
   * @throws {invalid-option} an unknown dimension, or a position outside
   */
  isel(indexers: Indexers): DataArray {
    for (const dim of Object.keys(indexers)) {
      if (!this.dims.includes(dim)) {
        throw makeError(
          "invalid-option",
          `variable ${this.name} has no dimension ${dim}; it has ${this.dims.join(", ")}`,
          { details: { variable: this.name, dimension: dim } },
        );
      }
    }
    const axes = this.dims.map((dim, d) => {
      const size = this.shape[d] as number;
      const indexer = Object.hasOwn(indexers, dim) ? indexers[dim] : undefined;
      return indexer === undefined
        ? ({ kind: "range", start: 0, end: size } as const)
        : parseIndexer(indexer, dim, size);
    });
    const { source, coding } = this.#content;
    return this.with({
      dims: this.dims.filter((_, d) => axes[d]?.kind !== "index"),
      content: { source: selectSource(source, axes), coding },
    });
  }

  /** Name, dimensions, dtype, first and last values, attributes; what consoles print. Reads nothing. */
  toString(): string {
    return summaryOfArray(this);
  }

  /** @internal Whether it has no values: see `VariableTemplate`. */
  get isTemplate(): boolean {
    return this.#content.source.isTemplate === true;
  }

  /** @internal The stored values and how they are decoded. */
  get content(): Content {
    return this.#content;
  }

  /** @internal Attributes as they were spelled where they were read. */
  get spelling(): ReadonlyMap<string, JsonValue> {
    return this.#spelling;
  }

  /** @internal The decoded values, read anew and not kept. */
  async readValues(signal?: AbortSignal): Promise<Values> {
    if (this.isTemplate) throw noData(this.name);
    return this.#decode(await this.#content.source.read(wholeBox(this.shape), signal));
  }

  /** @internal The same variable with other parts; attributes and encoding are copied. */
  with(changes: Partial<Pick<VariableParts, "name" | "dims" | "content">>): DataArray {
    return new DataArray(
      new VariableParts({
        name: this.name,
        dims: this.dims,
        content: this.#content,
        attributes: { ...this.attributes },
        encoding: { ...this.encoding },
        spelling: this.#spelling,
        ...changes,
      }),
    );
  }

  #decode(stored: Values): Values {
    return decodeValues(stored, this.#content.coding, `variable ${this.name}`);
  }

  /** Makes decoded values the content, so that changes to them are seen by whoever reads it. */
  #keep(values: Values): Data {
    const { coding, source } = this.#content;
    const { time } = coding;
    const times =
      time === undefined
        ? undefined
        : new TimeArray(values as BigInt64Array, time.text, coding.calendar);
    if (source.memory !== values) {
      this.#content = memoryContent(decodedType(coding), source.shape, values, times);
    }
    this.#data = times ?? (values as Data);
    return this.#data;
  }
}

showAsText(DataArray.prototype);

function noData(name: string): Error {
  return makeError(
    "not-allowed",
    `variable ${name} is a template without data: write it with compute: false, fill it by region, and read it with openZarr`,
    { details: { variable: name } },
  );
}
