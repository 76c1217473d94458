/** What a user gives as a variable, checked and taken apart. */
import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import {
  anything,
  checkOptions,
  isPlainObject,
  mustBe,
  type OptionKinds,
} from "../../base/options.ts";
import type { JsonValue } from "../../codec/json.ts";
import { type ArraySource, memorySource } from "../array/array-source.ts";
import { allocate, type ElementType, type Values } from "../array/elements.ts";
import { type Coding, plainCoding, timeCoding } from "../cf/coding.ts";
import { type DataInput, type Dtype, type FlatData, flattenData } from "./data.ts";
import type { TimeArray } from "./time-array.ts";

/** Plain attributes: strings, numbers (bigints beyond 2^53), booleans, null, lists and objects. */
export type Attributes = Record<string, unknown>;

/** How a variable is stored; keys as xarray names them. */
export type Encoding = Record<string, unknown>;

/** What makes a variable. */
export interface VariableInput {
  /** One name per dimension. */
  readonly dims: readonly string[];
  /** Flat row-major values, nested lists, or one value for no dimensions. Copied. */
  readonly data: DataInput;
  /** Sizes of the dimensions; needed only where flat values do not tell. */
  readonly shape?: readonly number[] | undefined;
  readonly attributes?: Readonly<Attributes> | undefined;
  readonly encoding?: Readonly<Encoding> | undefined;
  /**
   * `bool` for a `Uint8Array` of 0 and 1, `float16` for a `Float32Array`, anything for an empty list;
   * else as the data is.
   */
  readonly dtype?: Dtype | undefined;
}

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
  const flat = withDtype(flattenData(input.data, owner), input, owner);
  const shape = shapeOf(input.shape, flat, dims, known, owner);
  return new VariableParts({
    name,
    dims,
    content: memoryContent(flat.type, shape, flat.values, flat.times),
    attributes: { ...input.attributes },
    encoding: { ...input.encoding },
    spelling: new Map(),
  });
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

function withDtype(flat: FlatData, { dtype, data }: VariableInput, owner: string): FlatData {
  const isEmptyList = Array.isArray(data) && flat.values.length === 0;
  const found = flat.times === undefined ? flat.type.name : "datetime";
  if (dtype === undefined || dtype === found) return flat;
  // An empty list does not say what it would hold.
  if (isEmptyList && dtype !== "datetime") {
    const type: ElementType = dtype === "bytes" ? { name: dtype, width: 1 } : { name: dtype };
    return { ...flat, type, values: allocate(type, 0, owner) };
  }
  const isBool = dtype === "bool" && found === "uint8";
  const isHalf = dtype === "float16" && found === "float32";
  if (isBool || isHalf) return { ...flat, type: { name: dtype } };
  throw invalid(owner, `data of ${found} is not of dtype ${dtype}`);
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
  if (shape === undefined) {
    throw invalid(owner, `the sizes of ${dims.join(", ")} are not known: give a shape`);
  }
  const isFit = shape.length === dims.length && volumeOf(shape) === flat.values.length;
  if (isFit && shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return [...shape];
  throw invalid(
    owner,
    `${flat.values.length} values do not fit shape [${shape}] of dimensions [${dims.join(", ")}]`,
  );
}

/** Sizes from what is known of the dimensions; one unknown size follows from the count. */
export function inferShape(
  count: number,
  dims: readonly string[],
  known: KnownSizes,
): number[] | undefined {
  const unknown = dims.filter((dim) => !known.has(dim));
  if (unknown.length > 1) return undefined;
  const rest = dims.reduce((size, dim) => size * (known.get(dim) ?? 1), 1);
  if (unknown.length === 0) return dims.map((dim) => known.get(dim) as number);
  const size = rest === 0 ? 0 : count / rest;
  return Number.isInteger(size) ? dims.map((dim) => known.get(dim) ?? size) : undefined;
}

function invalid(owner: string, what: string): Error {
  return makeError("invalid-option", `${owner}: ${what}`, { details: { variable: owner } });
}
