/**
 * How a variable is to be stored: from what it is in memory and what its encoding asks for, the
 * coding, and the attributes that tell a reader of it. The reverse of `decodeAttributes`.
 */
import { makeError } from "../../base/errors.ts";
import { describe, mustBe } from "../../base/options.ts";
import { type JsonValue, jsonFloat } from "../../codec/json.ts";
import { type ElementType, isFloat, isInteger, isNumeric } from "../array/elements.ts";
import type { Dtype } from "../model/data.ts";
import { findCalendar, whyNotShared } from "./calendar.ts";
import { type Coding, plainCoding, signedAs } from "./coding.ts";
import { usableFill, wrapped } from "./decode-attributes.ts";
import { splitInstant } from "./instant.ts";
import { parseTimeUnits, readTimeUnits, type TimeUnits } from "./time-units.ts";
import { parseTypeName } from "./type-name.ts";

/** What a variable is before it is encoded. */
interface EncodeInput {
  readonly name: string;
  readonly dtype: Dtype;
  /** The type of its values in memory. */
  readonly type: ElementType;
  readonly time: TimeUnits | undefined;
  readonly calendar: string | undefined;
  readonly encoding: Readonly<Record<string, unknown>>;
}

/** Attributes that describe the coding; a variable's own may not have them at the same time. */
export const CODING_ATTRIBUTES: readonly string[] = [
  "_FillValue",
  "missing_value",
  "scale_factor",
  "add_offset",
  "_Unsigned",
  "units",
  "calendar",
];

/** The coding to store with, and the attributes that tell of it, in order. */
interface EncodedAttributes {
  readonly coding: Coding;
  readonly attributes: ReadonlyMap<string, JsonValue>;
}

/** Chooses how a variable is stored. @throws {invalid-option} an encoding that makes no sense */
export function encodeAttributes(input: EncodeInput): EncodedAttributes {
  const { name, encoding } = input;
  const owner = `variable ${name}`;
  const stored = storedType(input, owner);
  const attributes = new Map<string, JsonValue>();
  const reinterpreted = signOf(encoding, stored, attributes);
  const fills = fillsOf(encoding, stored, reinterpreted, attributes, owner);
  const scaleFactor = numberOf(encoding, "scale_factor", owner);
  const addOffset = numberOf(encoding, "add_offset", owner);
  // Printed as floats: xarray decodes a scale of 2 (not 2.0) to integers.
  if (scaleFactor !== undefined) attributes.set("scale_factor", jsonFloat(scaleFactor));
  if (addOffset !== undefined) attributes.set("add_offset", jsonFloat(addOffset));
  const time = timeOf(input, attributes, owner);
  const isText = input.dtype === "string" && stored.name === "bytes";
  if (isText) attributes.set("_Encoding", "utf-8");
  const coding: Coding = {
    ...plainCoding(stored),
    reinterpreted,
    fills,
    scaleFactor,
    addOffset,
    time,
    calendar: time === undefined ? undefined : calendarOf(input),
    text: isText ? "utf-8" : undefined,
    dtype: input.dtype,
  };
  return { coding, attributes };
}

function storedType({ dtype, type, encoding }: EncodeInput, owner: string): ElementType {
  if (dtype === "bool") return { name: "bool" };
  const asked = encoding["dtype"];
  if (asked === undefined || asked === null) return type;
  const stored = parseTypeName(asked, owner);
  if (isNumeric(stored) === isNumeric(type)) return stored;
  throw makeError("invalid-option", `${owner}: ${dtype} values cannot be stored as ${asked}`, {
    details: { variable: owner, option: "dtype", dtype },
  });
}

function signOf(
  encoding: EncodeInput["encoding"],
  stored: ElementType,
  attributes: Map<string, JsonValue>,
): ElementType | undefined {
  const says = encoding["_Unsigned"];
  if (says === undefined || says === null || !isInteger(stored)) return undefined;
  attributes.set("_Unsigned", says as JsonValue);
  return signedAs(stored, says);
}

function numberOf(
  encoding: EncodeInput["encoding"],
  key: string,
  owner: string,
): number | undefined {
  const value = encoding[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw makeError("invalid-option", `${owner}: ${key} ${mustBe("a number", value)}`, {
    details: { variable: owner, option: key, found: describe(value) },
  });
}

/**
 * Missing values as stored, the one to write first. Where `_FillValue` and `missing_value` differ,
 * `_FillValue` wins: xarray reads such a pair but cannot write it again.
 */
function fillsOf(
  encoding: EncodeInput["encoding"],
  stored: ElementType,
  reinterpreted: ElementType | undefined,
  attributes: Map<string, JsonValue>,
  owner: string,
): readonly (number | bigint)[] {
  if (!isNumeric(stored) || stored.name === "bool") return [];
  const seen = reinterpreted ?? stored;
  const asked = encoding["_FillValue"];
  const fill = listOf(asked, "_FillValue", stored, seen, owner)[0];
  const { missing_value: asMissing } = encoding;
  const isText = typeof asMissing === "string";
  if (isText) attributes.set("missing_value", asMissing);
  const missing = isText ? [] : listOf(asMissing, "missing_value", stored, seen, owner);
  if (fill !== undefined) attributes.set("_FillValue", fillAttribute(stored, signed(fill, seen)));
  else if (isFloat(stored) && asked !== null) {
    attributes.set("_FillValue", fillAttribute(stored, Number.NaN));
  }
  const isConflict = fill !== undefined && missing.some((value) => Number(value) !== Number(fill));
  if (missing.length > 0 && !isConflict) {
    const spelled = missing.map((value) =>
      isFloat(stored) ? jsonFloat(Number(value)) : wrappedNumber(value, seen),
    );
    attributes.set("missing_value", spelled.length === 1 ? (spelled[0] as JsonValue) : spelled);
  }
  return fill === undefined ? missing : [fill];
}

/**
 * `_FillValue` of integers that are seen with a sign has one too: xarray takes no larger one for
 * them, whichever sign they are stored with.
 */
function signed(fill: number | bigint, seen: ElementType): number | bigint {
  return isInteger(seen) && !seen.name.startsWith("u") ? wrappedNumber(fill, seen) : fill;
}

function wrappedNumber(value: number | bigint, type: ElementType): number | bigint {
  const integer = wrapped(BigInt(value), type);
  return typeof value === "bigint" ? integer : Number(integer);
}

function listOf(
  value: unknown,
  key: string,
  stored: ElementType,
  seen: ElementType,
  owner: string,
): (number | bigint)[] {
  if (value === undefined || value === null) return [];
  const items = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => {
    const fill = usableFill(item, stored, seen);
    if (fill !== undefined) return stored.name === "float32" ? Math.fround(Number(fill)) : fill;
    if (Number.isNaN(item) && (isFloat(stored) || items.length > 1)) return [];
    throw makeError(
      "invalid-option",
      `${owner}: ${key} ${describe(item)} is no value of ${stored.name}`,
      { details: { variable: owner, option: key, dtype: stored.name, found: describe(item) } },
    );
  });
}

/**
 * `_FillValue` as xarray writes it into Zarr: of floats the base64 of eight bytes, also of the
 * shorter ones; of integers the number.
 */
export function fillAttribute(stored: ElementType, value: number | bigint): JsonValue {
  if (!isFloat(stored)) return value;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Number(value), true);
  return btoa(String.fromCharCode(...new Uint8Array(view.buffer)));
}

function calendarOf({ encoding, calendar }: EncodeInput): string {
  const asked = encoding["calendar"];
  return typeof asked === "string" ? asked : (calendar ?? "standard");
}

function timeOf(
  input: EncodeInput,
  attributes: Map<string, JsonValue>,
  owner: string,
): TimeUnits | undefined {
  if (input.dtype !== "datetime" || input.time === undefined) return undefined;
  const asked = input.encoding["units"];
  const units = typeof asked === "string" ? asked : input.time.text;
  const calendar = calendarOf(input);
  attributes.set("units", units);
  attributes.set("calendar", calendar);
  if (typeof asked !== "string") refuseReference(input.time, calendar, owner);
  return parseTimeUnits(units, calendar, owner);
}

/** Units that were not asked for may begin on a day that the calendar that was does not have. */
function refuseReference(own: TimeUnits, name: string, owner: string): void {
  const calendar = findCalendar(name);
  if (calendar === undefined || !("problem" in readTimeUnits(own.text, name))) return;
  const { days } = splitInstant(own.reference);
  const why = whyNotShared(own.calendar, calendar, days);
  throw makeError(
    "invalid-option",
    `${owner}: ${JSON.stringify(own.text)} cannot be counted in the calendar ${calendar}: ${why ?? "it has no such date"}`,
    { details: { variable: owner, option: "calendar", calendar: name } },
  );
}
