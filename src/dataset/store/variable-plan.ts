/**
 * What is written where: one plan per variable, made before anything is written. A new array's
 * zarr.json is printed and read back, so that nothing is stored that could not be opened.
 */

import { encodeUtf8 } from "../../base/bytes.ts";
import { isIcefloeError, makeError } from "../../base/errors.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonFloat,
  keepSpelling,
  parseJson,
  printJson,
} from "../../codec/json.ts";
import { parseNodeMetadata } from "../../session/changes/node-metadata.ts";
import { wholeBox } from "../../zarr/box.ts";
import type { Numbers } from "../../zarr/codecs/elements.ts";
import type { ArraySource } from "../array/array-source.ts";
import { isFloat } from "../array/elements.ts";
import { transposeSource } from "../array/transpose.ts";
import { type Coding, isPlain, isSameCoding } from "../cf/coding.ts";
import { decodeAttributes } from "../cf/decode-attributes.ts";
import { decodedType } from "../cf/decode-values.ts";
import { CODING_ATTRIBUTES, encodeAttributes, fillAttribute } from "../cf/encode-attributes.ts";
import { isSameUnits, parseTimeUnits, readTimeUnits, type TimeUnits } from "../cf/time-units.ts";
import type { Attributes } from "../model/array-input.ts";
import type { DataArray } from "../model/data-array.ts";
import { encodeWhole, instantOf } from "../model/time-array.ts";
import { mergeEncoding, storageMembers } from "./storage-encoding.ts";
import { parseStoredArray, type StoredArray } from "./stored-array.ts";

/** Attributes of packed values, which decoding takes away. */
const PACKING_ATTRIBUTES: readonly string[] = ["scale_factor", "add_offset", "_Unsigned"];

/** One variable and the array that it is written into. */
export interface VariablePlan {
  readonly array: DataArray;
  /** Its stored values, dimensions in the array's order. */
  readonly source: ArraySource;
  readonly target: StoredArray;
  /** How values are encoded for the array. */
  readonly coding: Coding;
  /** Whether the array is made by this call, so that it has no chunks. */
  readonly isNew: boolean;
  readonly writesEmptyChunks: boolean;
}

/** What belongs to a new array beside the variable itself. */
interface NewArrayOptions {
  readonly path: string;
  readonly asked: Readonly<Record<string, unknown>> | undefined;
  /** Text of the `coordinates` attribute. */
  readonly coordinates: string | undefined;
}

/** The plan of a variable that gets a new array. @throws {invalid-option} @throws {bad-metadata} */
export function planNewArray(array: DataArray, options: NewArrayOptions): VariablePlan {
  const { path, asked } = options;
  const owner = `variable ${array.name}`;
  const encoding = withTimeType(array, mergeEncoding(array.encoding, asked, owner));
  const { source, coding: own } = array.content;
  const { coding, attributes } = encodeAttributes({
    name: array.name,
    dtype: array.dtype,
    type: storableType(array),
    time: own.time,
    calendar: own.calendar,
    encoding,
  });
  const members = storageMembers(coding.stored, source.shape, encoding, {
    default: coding.stored.name.startsWith("float") ? undefined : coding.fills[0],
    isChunksAsked: asked?.["chunks"] !== undefined || asked?.["shards"] !== undefined,
    owner,
  });
  const document = checkedDocument(path, array.name, {
    shape: source.shape,
    data_type: members.dataType,
    chunk_grid: { name: "regular", configuration: { chunk_shape: members.chunkShape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: members.fillValue,
    codecs: members.codecs,
    attributes: allAttributes(array, coding, attributes, options.coordinates),
    ...(array.dims.length === 0 ? {} : { dimension_names: array.dims }),
    zarr_format: 3,
    node_type: "array",
    storage_transformers: [],
  });
  return {
    array,
    source,
    target: parseStoredArray(array.name, path, document),
    coding,
    isNew: true,
    writesEmptyChunks: encoding["write_empty_chunks"] === true,
  };
}

/**
 * Times in units that were asked for without a type are stored as integers only if every one is a
 * whole number of them. Of times that are not in memory only the units are looked at.
 */
function withTimeType(
  array: DataArray,
  encoding: Record<string, unknown>,
): Record<string, unknown> {
  const { time, calendar } = array.content.coding;
  const { units } = encoding;
  if (
    time === undefined ||
    typeof units !== "string" ||
    (encoding["dtype"] ?? undefined) !== undefined
  ) {
    return encoding;
  }
  const asked = parseTimeUnits(
    units,
    typeof encoding["calendar"] === "string" ? encoding["calendar"] : calendar,
    `variable ${array.name}`,
  );
  return { ...encoding, dtype: isWholeIn(array, time, asked) ? "int64" : "float64" };
}

function isWholeIn(array: DataArray, time: TimeUnits, asked: TimeUnits): boolean {
  const { content } = array;
  if (content.source.readNow !== undefined) {
    const values = content.source.readNow(wholeBox(content.source.shape)) as Numbers;
    const instants = Array.from(values as ArrayLike<number | bigint>, (value) =>
      instantOf(value, time),
    );
    return encodeWhole(instants, asked) !== undefined;
  }
  const isFinerOrSame = time.unitNanos % asked.unitNanos === 0n;
  const isAligned = (time.reference - asked.reference) % asked.unitNanos === 0n;
  return decodedType(content.coding).name === "int64" && isFinerOrSame && isAligned;
}

/** The type that values have if nothing says otherwise: decoded, or as they were stored. */
function storableType(array: DataArray): Coding["stored"] {
  const { coding, source } = array.content;
  // Byte strings of a fixed width keep it; texts made of them are stored as texts.
  if (coding.text !== undefined) return { name: "string" };
  const type = decodedType(coding);
  return type.name === "string" || type.name === "bytes" ? source.type : type;
}

function allAttributes(
  array: DataArray,
  coding: Coding,
  described: ReadonlyMap<string, JsonValue>,
  coordinates: string | undefined,
): Map<string, unknown> {
  const own = spelledAttributes(array.attributes, array.spelling);
  // JSON cannot say it, and the default _FillValue says the same.
  if (Number.isNaN(own.get("missing_value")) && isFloat(coding.stored)) own.delete("missing_value");
  if (typeof own.get("_FillValue") === "number") {
    own.set("_FillValue", fillAttribute(coding.stored, own.get("_FillValue") as number));
  }
  for (const [name, value] of described) {
    const isDefault = name === "_FillValue" && !Object.hasOwn(array.encoding, name);
    if (own.has(name) && isDefault) continue;
    if (own.has(name) && CODING_ATTRIBUTES.includes(name)) {
      throw makeError(
        "invalid-option",
        `variable ${array.name}: ${name} is an attribute and part of the encoding`,
        { details: { variable: array.name, attribute: name } },
      );
    }
    own.set(name, value);
  }
  if (coordinates !== undefined) own.set("coordinates", coordinates);
  return own;
}

/** Attributes for printing: as they were spelled where they have not changed; arrays as lists. */
export function spelledAttributes(
  attributes: Readonly<Attributes>,
  spelling: ReadonlyMap<string, JsonValue>,
): Map<string, unknown> {
  const spelled = new Map<string, unknown>();
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    spelled.set(name, keepSpelling(spelling.get(name), listed(value)));
  }
  return spelled;
}

function listed(value: unknown): unknown {
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return value;
  const items = Array.from(value as unknown as ArrayLike<number | bigint>);
  const isFloat = value instanceof Float32Array || value instanceof Float64Array;
  return isFloat ? (items as number[]).map(jsonFloat) : items;
}

/** A zarr.json that every reader takes, parsed. `name`: of the variable, for messages. */
export function checkedDocument(
  path: string,
  name: string | undefined,
  members: Readonly<Record<string, unknown>>,
): JsonObject {
  const text = printedDocument(path, name, members);
  parseNodeMetadata(encodeUtf8(text), path);
  const document = parseJson(text);
  if (isJsonObject(document)) return document;
  throw makeError("internal", "a printed object is no object");
}

function printedDocument(
  path: string,
  name: string | undefined,
  members: Readonly<Record<string, unknown>>,
): string {
  try {
    return printJson(members);
  } catch (cause) {
    if (!isIcefloeError(cause, "bad-metadata")) throw cause;
    const owner = name === undefined ? `group ${path}` : `variable ${name}`;
    const isAttribute = String(cause.details["member"]).startsWith("attributes.");
    const hint = isAttribute ? "; delete the attribute, or make it a text" : "";
    throw makeError("bad-metadata", `${owner}: ${cause.message}${hint}`, {
      details: { ...cause.details, path },
      cause,
    });
  }
}

/**
 * The plan of a variable that is written into an array of the store; its dimensions may come in
 * another order.
 * @throws {invalid-option} other dimensions; other units; numbers where the store has times; packed
 *   values that were not decoded, where the store packs in another way
 */
export function planStoredArray(array: DataArray, target: StoredArray): VariablePlan {
  const order: number[] = [];
  // A dimension may be there twice: its axes keep their order.
  for (const dim of target.dims) {
    order.push(array.dims.findIndex((own, d) => own === dim && !order.includes(d)));
  }
  if (order.length !== array.dims.length || order.includes(-1)) {
    const dropped = target.dims.filter((dim) => !array.dims.includes(dim));
    const hint =
      dropped.length === 0 ? "" : `; to keep ${dropped[0]}, select a list: { ${dropped[0]}: [i] }`;
    throw makeError(
      "invalid-option",
      `variable ${array.name} has dimensions [${array.dims.join(", ")}], the store has [${target.dims.join(", ")}]${hint}`,
      { details: { variable: array.name, dims: array.dims, stored: target.dims } },
    );
  }
  const coding = codingFor(array, target);
  refuseNumbersAsTimes(array, coding.time);
  if (coding.time === undefined) refuseOtherUnits(array, target);
  const isSameOrder = order.every((from, to) => from === to);
  const { source } = array.content;
  return {
    array,
    source: isSameOrder ? source : transposeSource(source, order),
    target,
    coding,
    isNew: false,
    writesEmptyChunks: false,
  };
}

/**
 * How the values are encoded for the array. Packed values that were not decoded stay as they are if
 * their attributes say what the array's say: encoding would pack them a second time.
 */
function codingFor(array: DataArray, target: StoredArray): Coding {
  const coding = codingOfStored(target);
  const { name, dims, attributes, spelling } = array;
  const { source, coding: own } = array.content;
  const packing = PACKING_ATTRIBUTES.find((key) => Object.hasOwn(attributes, key));
  if (packing === undefined || !isPlain(own)) return coding;
  // What JSON cannot say is no number, and says nothing here.
  const values = spelledAttributes(attributes, spelling) as ReadonlyMap<string, JsonValue>;
  const said = decodeAttributes({
    ...{ name, dims, source, encoding: {} },
    attributes: { values, float32Names: new Set<string>() },
  }).coding;
  if (isSameCoding({ ...said, time: own.time ?? said.time }, coding)) return own;
  throw makeError(
    "invalid-option",
    `variable ${name} has values that are not decoded (attribute ${packing}), the store has others: open it without maskAndScale: false`,
    { details: { variable: name, attribute: packing } },
  );
}

/** Numbers may be times only if their attributes say so, in the units of the store. */
function refuseNumbersAsTimes(array: DataArray, time: TimeUnits | undefined): void {
  const { name, attributes, content } = array;
  if (time === undefined || content.coding.time !== undefined) return;
  const { units, calendar } = attributes;
  const own = typeof units === "string" ? readTimeUnits(units, calendar) : undefined;
  if (own !== undefined && !("problem" in own) && isSameUnits(own, time)) return;
  throw makeError(
    "invalid-option",
    `variable ${name} has numbers, the store has times, ${JSON.stringify(time.text)}: give a TimeArray or Dates`,
    { details: { variable: name, units: time.text } },
  );
}

/** Values are never converted, and the store's units stay. */
function refuseOtherUnits({ name, attributes: { units } }: DataArray, target: StoredArray): void {
  const stored = target.attributes.values.get("units");
  if (typeof units !== "string" || typeof stored !== "string" || units === stored) return;
  throw makeError(
    "invalid-option",
    `variable ${name} has units ${JSON.stringify(units)}, the store has ${JSON.stringify(stored)}: convert its values, or correct the attribute`,
    { details: { variable: name, units, stored } },
  );
}

/** How the values of an array of a store are decoded. */
function codingOfStored(target: StoredArray): Coding {
  const { name, dims, attributes, type, shape } = target;
  const source: ArraySource = {
    type,
    shape,
    read: () => Promise.reject(makeError("internal", "only attributes are decoded here")),
  };
  return decodeAttributes({ name, dims, source, attributes, encoding: {} }).coding;
}
