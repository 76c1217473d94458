/**
 * Decoded values to stored ones, the reverse of decoding. Nothing is stored silently wrong: what
 * the stored type cannot hold is refused with the place where it stands.
 */

import { encodeUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { isList, type Numbers } from "../../zarr/codecs/elements.ts";
import {
  allocate,
  type ElementType,
  isFloat,
  isInteger,
  isSameType,
  typeText,
  type Values,
} from "../array/elements.ts";
import {
  describeTime,
  encodeFractional,
  encodeWhole,
  instantOf,
  NOT_A_TIME,
} from "../model/time-array.ts";
import { type Calendar, whyNotShared } from "./calendar.ts";
import { bytesPerValue, type Coding, isPacked } from "./coding.ts";
import { wrapped } from "./decode-attributes.ts";
import { formatInstant, splitInstant } from "./instant.ts";
import { isSameUnits, type TimeUnits } from "./time-units.ts";

/** Values in memory: their type, and the units if they are times. */
interface DecodedValues {
  readonly values: Values;
  readonly type: ElementType;
  readonly time: TimeUnits | undefined;
}

/** Whose values they are, for messages. */
export interface ValueOwner {
  readonly name: string;
  /** Where an element stands, such as `time 3, lat 0`. Default: its flat index. */
  positionOf?(element: number): string;
}

/**
 * Encodes values as `coding` stores them. May return the values themselves where nothing changes.
 * @throws {invalid-option} a value that the stored type cannot hold, or that packing would make a
 *   missing one, saying where it stands
 */
export function encodeValues(decoded: DecodedValues, coding: Coding, owner: ValueOwner): Values {
  const { values, type } = decoded;
  const { stored } = coding;
  if (isList(values)) return encodeList(values, coding, owner);
  if (!/^(u?int|float|bool)/.test(stored.name)) {
    throw unfit(owner, `${type.name} values cannot be stored as ${typeText(stored)}`);
  }
  const numbers = decoded.time === undefined ? values : encodeTimes(decoded, coding, owner);
  const source = decoded.time === undefined ? type : { name: nameOf(numbers) };
  const isUnchanged =
    isSameType(source, stored) && !isPacked(coding) && fillFor(coding) === undefined;
  if (isUnchanged && coding.reinterpreted === undefined) return numbers;
  return pack(numbers as Numbers, source, coding, owner);
}

function nameOf(values: Values): "int64" | "float64" {
  return values instanceof BigInt64Array ? "int64" : "float64";
}

function encodeList(values: string[] | Uint8Array[], coding: Coding, owner: ValueOwner): Values {
  const { stored } = coding;
  if (stored.name === "string") {
    return values.map((value, i) => {
      if (typeof value !== "string") throw unfit(owner, "byte strings are no strings");
      if (stored.width !== undefined && [...value].length > stored.width) {
        throw unfit(owner, `${describe(value)} is longer than ${stored.width} characters`, i);
      }
      return value;
    });
  }
  if (stored.name !== "bytes") throw unfit(owner, `texts cannot be stored as ${typeText(stored)}`);
  return (values as (string | Uint8Array)[]).map((value, i) => {
    const bytes = typeof value === "string" ? encodeUtf8(value) : value;
    const width = stored.width ?? bytes.length;
    if (bytes.length <= width) return bytes;
    throw unfit(owner, `${describe(value)} has ${bytes.length} bytes, more than ${width}`, i);
  });
}

/** Times in the units of `coding`: whole numbers where the stored type is an integer. */
function encodeTimes({ values, time }: DecodedValues, coding: Coding, owner: ValueOwner): Values {
  const units = coding.time;
  if (time === undefined || units === undefined) {
    throw unfit(owner, "times can only be stored with units");
  }
  const isWhole = !isFloat(coding.stored) && !isPacked(coding);
  const isSame = isSameUnits(time, units);
  if (isSame && isWhole === values instanceof BigInt64Array) return values;
  const instants = Array.from(values as ArrayLike<number | bigint>, (value) =>
    instantOf(value, time),
  );
  refuseOtherDates(instants, time.calendar, units.calendar, owner);
  if (!isWhole) {
    // A time that was stored as a double keeps its digits.
    return isSame && values instanceof Float64Array ? values : encodeFractional(instants, units);
  }
  const whole = encodeWhole(instants, units);
  if (whole !== undefined) return whole;
  const first = instants.findIndex((instant) => encodeWhole([instant], units) === undefined);
  const shown = describeTime(values[first] as number | bigint, time);
  throw unfit(
    owner,
    `${shown} is no whole number of ${units.unit} in 64 bits: units ${JSON.stringify(units.text)} stored as ${coding.stored.name} cannot hold what ${JSON.stringify(time.text)} says`,
    first,
  );
}

/** Instants that have another date in the calendar they are to be stored in. */
function refuseOtherDates(
  instants: readonly (bigint | undefined)[],
  own: Calendar,
  stored: Calendar,
  owner: ValueOwner,
): void {
  if (own === stored) return;
  instants.forEach((instant, i) => {
    if (instant === undefined) return;
    const why = whyNotShared(own, stored, splitInstant(instant).days);
    if (why === undefined) return;
    const text = formatInstant(instant, own);
    throw unfit(owner, `${text} cannot be stored in the calendar ${stored}: ${why}`, i);
  });
}

/** What "missing" is stored as; `undefined`: NaN, or nothing can say it. */
function fillFor({ fills }: Coding): number | bigint | undefined {
  return fills[0];
}

function pack(values: Numbers, type: ElementType, coding: Coding, owner: ValueOwner): Values {
  const { stored, fills, scaleFactor, addOffset, reinterpreted } = coding;
  const fill = fillFor(coding);
  const target = allocate(stored, values.length, owner.name) as Float64Array & BigInt64Array;
  const isTime = coding.time !== undefined;
  // With a fill value xarray computes in the data's own precision, without one in doubles.
  const round =
    type.name === "float32" && fill !== undefined ? Math.fround : (value: number): number => value;
  const scale = scaleFactor === undefined ? undefined : round(scaleFactor);
  const offset = addOffset === undefined ? undefined : round(addOffset);
  const packs = isPacked(coding);
  const refuse = (index: number, packed: number | bigint, why = ""): never => {
    const value = values[index] as number | bigint;
    const text = coding.time === undefined ? String(value) : describeTime(value, coding.time);
    const both = packs ? `${text} (packed ${packed})` : text;
    throw unfit(owner, `${both} cannot be stored as ${stored.name}${why}`, index);
  };
  const store = storeInto(target, stored, reinterpreted ?? stored, refuse);
  for (let i = 0; i < values.length; i++) {
    const given = values[i] as number | bigint;
    const isMissing = Number.isNaN(given) || (isTime && given === NOT_A_TIME);
    if (isMissing && fill !== undefined) {
      target[i] = fill as never;
      continue;
    }
    if (isMissing && isTime && isFloat(stored)) {
      target[i] = Number.NaN as never;
      continue;
    }
    if (isMissing && isInteger(stored)) refuse(i, given, " without _FillValue");
    if (typeof given === "bigint" && !packs) {
      store(i, given);
      continue;
    }
    let value = Number(given);
    if (offset !== undefined) value = round(value - offset);
    if (scale !== undefined) value = round(value / scale);
    store(i, value);
    // Unpacked, a value that says "missing" may be meant to.
    if (packs && fills.includes(target[i] as never)) {
      refuse(i, target[i] as never, ": that stands for missing values");
    }
  }
  return target;
}

type StoreValue = (index: number, value: number | bigint) => void;

/** Writes one value into the array, rounded half to even for integers; refuses what does not fit. */
function storeInto(
  target: Float64Array & BigInt64Array,
  stored: ElementType,
  seen: ElementType,
  refuse: StoreValue,
): StoreValue {
  if (isFloat(stored)) {
    return (index, value) => {
      (target as Float64Array)[index] = Number(value);
    };
  }
  if (stored.name === "bool") {
    return (index, value) => {
      if (Number(value) !== 0 && Number(value) !== 1) refuse(index, value);
      (target as Float64Array)[index] = Number(value);
    };
  }
  if (bytesPerValue(stored) === 8) {
    return (index, value) => {
      const whole = typeof value === "bigint" ? value : roundHalfToEven(value);
      if (typeof whole === "number" && !Number.isFinite(whole)) refuse(index, whole);
      const integer = BigInt(whole);
      if (wrapped(integer, seen) !== integer) refuse(index, integer);
      (target as BigInt64Array)[index] = wrapped(integer, stored);
    };
  }
  const bits = bytesPerValue(stored) * 8;
  const start = seen.name.startsWith("u") ? 0 : -(2 ** (bits - 1));
  const end = start + 2 ** bits;
  return (index, value) => {
    const whole = typeof value === "bigint" ? Number(value) : roundHalfToEven(value);
    if (!(whole >= start && whole < end)) refuse(index, whole);
    (target as Float64Array)[index] = whole; // Of the other sign, the array wraps it.
  };
}

/** The nearest integer, the even one of two. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The error of a value, or of all, that cannot be stored. */
export function unfit(owner: ValueOwner, what: string, element?: number): Error {
  const { name } = owner;
  if (element === undefined) {
    return makeError("invalid-option", `${name}: ${what}`, { details: { owner: name } });
  }
  const position =
    owner.positionOf === undefined ? `element ${element}` : owner.positionOf(element);
  const where = position === "" ? "" : `, at ${position}`;
  return makeError("invalid-option", `${name}: ${what}${where}`, {
    details: { owner: name, element },
  });
}
