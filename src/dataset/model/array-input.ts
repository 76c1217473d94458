/** What a user gives as a variable, checked and taken apart. */
import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import {
  anything,
  checkOptions,
  functionKind,
  isCount,
  isPlainObject,
  mustBe,
  type OptionKinds,
} from "../../base/options.ts";
import type { JsonValue } from "../../codec/json.ts";
import { type ArraySource, memorySource } from "../array/array-source.ts";
import type { ElementType, Values } from "../array/elements.ts";
import { type Coding, plainCoding, timeCoding } from "../cf/coding.ts";
import { type DataInput, type Dtype, type FlatData, flattenData, withDtype } from "./data.ts";
import { checkEncoding, type Encoding } from "./encoding.ts";
import { lazyContent, type ReadRegion } from "./lazy-input.ts";
import type { TimeArray } from "./time-array.ts";

/** Plain attributes: strings, numbers (bigints beyond 2^53), booleans, null, lists and objects. */
export type Attributes = Record<string, unknown>;

/** What every variable may have. */
export interface VariableBase {
  /** One name per dimension. */
  readonly dims: readonly string[];
  /** Sizes of the dimensions; needed only where neither values nor other variables tell. */
  readonly shape?: readonly number[] | undefined;
  readonly attributes?: Readonly<Attributes> | undefined;
  readonly encoding?: Readonly<Encoding> | undefined;
}

/** A variable whose values are in memory. */
export interface VariableData extends VariableBase {
  /** Flat row-major values, nested lists, or one value for no dimensions. Copied. */
  readonly data: DataInput;
  /**
   * `bool` for a `Uint8Array` of 0 and 1, `float16` for a `Float32Array`, anything for an empty list;
   * else as the data is.
   */
  readonly dtype?: Dtype | undefined;
  readonly read?: never;
}

/**
 * A variable without values: a template for `toZarr` with `compute: false`, whose values come by
 * region from other datasets. It takes no memory, however large it is.
 */
export interface VariableTemplate extends VariableBase {
  /** `datetime` needs `encoding.units`; `bytes` a width: `encoding: { dtype: "S8" }`. */
  readonly dtype: Dtype;
  readonly data?: never;
  readonly read?: never;
}

/** A variable whose values are made when they are needed, a part at a time; see `ReadRegion`. */
export interface VariableReader extends VariableBase {
  readonly read: ReadRegion;
  /** As of a `VariableTemplate`. */
  readonly dtype: Dtype;
  readonly data?: never;
}

/** What makes a variable: values, a function that makes them, or a dtype alone. */
export type VariableInput = VariableData | VariableReader | VariableTemplate;

/** Stored values and how they are decoded. */
export interface Content {
  readonly source: ArraySource;
  readonly coding: Coding;
}

/** The parts of a variable. A class, so that a constructor knows them from a user's input. */
export class VariableParts {
  readonly name: string;
  readonly dims: readonly string[];
  readonly content: Content;
  readonly attributes: Attributes;
  readonly encoding: Encoding;
  /** Attributes as they were spelled where they were read. */
  readonly spelling: ReadonlyMap<string, JsonValue>;

  constructor(parts: Omit<VariableParts, never>) {
    this.name = parts.name;
    this.dims = parts.dims;
    this.content = parts.content;
    this.attributes = parts.attributes;
    this.encoding = parts.encoding;
    this.spelling = parts.spelling;
  }
}

const KEYS: OptionKinds = {
  dims: anything,
  data: anything,
  read: functionKind,
  shape: anything,
  attributes: anything,
  encoding: anything,
  dtype: anything,
  name: anything,
};

/** Sizes of dimensions that are known from elsewhere. */
type KnownSizes = ReadonlyMap<string, number>;

/** The parts of a variable in memory. @throws {invalid-option} parts that do not fit */
export function partsOfInput(
  name: string,
  input: VariableInput,
  known: KnownSizes = new Map(),
): VariableParts {
  const owner = `variable ${name}`;
  if (!isPlainObject(input)) throw invalid(owner, mustBe("{ dims, data }", input));
  checkOptions(owner, input, KEYS);
  const dims = checkDims(input.dims, owner);
  if (input.encoding !== undefined) checkEncoding(input.encoding, dims.length, owner);
  return new VariableParts({
    name,
    dims,
    content: contentOf(input, dims, known, owner),
    attributes: { ...input.attributes },
    encoding: { ...input.encoding },
    spelling: new Map(),
  });
}

function contentOf(
  input: VariableInput,
  dims: readonly string[],
  known: KnownSizes,
  owner: string,
): Content {
  const { data, read, dtype } = input;
  const hasData = Object.hasOwn(input, "data");
  if (hasData && read !== undefined) throw invalid(owner, "data and read exclude each other");
  if (hasData || (read === undefined && dtype === undefined)) {
    const flat = withDtype(flattenData(data, owner), { data, dtype }, owner);
    const shape = shapeOf(input.shape, flat, dims, known, owner);
    return memoryContent(flat.type, shape, flat.values, flat.times);
  }
  const shape = input.shape ?? inferShape(undefined, dims, known);
  if (shape === undefined) throw unknownSizes(dims, known, owner);
  if (!Array.isArray(shape) || shape.length !== dims.length || !shape.every(isCount)) {
    throw invalid(owner, `shape ${mustBe(`a size for each of [${dims.join(", ")}]`, shape)}`);
  }
  return lazyContent(input, [...shape], owner);
}

/** Decoded values in memory as content. */
export function memoryContent(
  type: ElementType,
  shape: readonly number[],
  values: Values,
  times: TimeArray | undefined,
): Content {
  const source = memorySource(type, shape, values);
  if (times === undefined) return { source, coding: plainCoding(type) };
  return { source, coding: timeCoding(type, times.parsed, times.calendar) };
}

function checkDims(dims: unknown, owner: string): string[] {
  if (Array.isArray(dims) && dims.every((dim) => typeof dim === "string" && dim !== "")) {
    return [...dims];
  }
  throw invalid(owner, `dims ${mustBe("a list of names", dims)}`);
}

function shapeOf(
  given: readonly number[] | undefined,
  flat: FlatData,
  dims: readonly string[],
  known: KnownSizes,
  owner: string,
): number[] {
  const length = flat.values.length;
  // Of one dimension the values tell the size, also where others say something else.
  const inferred = dims.length === 1 ? [length] : inferShape(length, dims, known);
  const shape = given ?? flat.shape ?? inferred;
  if (shape === undefined) throw unknownSizes(dims, known, owner);
  const isFit = shape.length === dims.length && volumeOf(shape) === flat.values.length;
  if (isFit && shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return [...shape];
  throw invalid(
    owner,
    `${flat.values.length} values do not fit shape [${shape}] of dimensions [${dims.join(", ")}]`,
  );
}

function unknownSizes(dims: readonly string[], known: KnownSizes, owner: string): Error {
  const unknown = dims.filter((dim) => !known.has(dim));
  return invalid(owner, `the sizes of ${unknown.join(", ")} are not known: give a shape`);
}

/** Sizes from what is known of the dimensions; one unknown size follows from the count, if there is one. */
export function inferShape(
  count: number | undefined,
  dims: readonly string[],
  known: KnownSizes,
): number[] | undefined {
  const unknown = dims.filter((dim) => !known.has(dim));
  if (unknown.length > 1 || (unknown.length === 1 && count === undefined)) return undefined;
  const rest = dims.reduce((size, dim) => size * (known.get(dim) ?? 1), 1);
  if (unknown.length === 0) return dims.map((dim) => known.get(dim) as number);
  const size = rest === 0 ? 0 : (count as number) / rest;
  return Number.isInteger(size) ? dims.map((dim) => known.get(dim) ?? size) : undefined;
}

function invalid(owner: string, what: string): Error {
  return makeError("invalid-option", `${owner}: ${what}`, { details: { variable: owner } });
}
