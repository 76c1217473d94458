/**
 * How stored values stand for decoded ones: what is missing, scale and offset, times, texts.
 * The same record describes what a variable was read with and what it is to be written with; where
 * both agree, stored values are passed on untouched, bit for bit.
 * Spec: CF "Packed Data", "Missing Data", "Time Coordinate".
 */
import { type ElementType, isFloat, isInteger, isSameType } from "../array/elements.ts";
import type { Dtype } from "../model/data.ts";
import { isSameUnits, type TimeUnits } from "./time-units.ts";

/** How values of one stored type are decoded. */
export interface Coding {
  /** What stored values are. */
  readonly stored: ElementType;
  /** Integers read with the other sign: `_Unsigned` says so. */
  readonly reinterpreted: ElementType | undefined;
  /** Stored values that mean "missing". NaN is not listed: it is missing anyway. */
  readonly fills: readonly (number | bigint)[];
  readonly scaleFactor: number | undefined;
  readonly addOffset: number | undefined;
  readonly time: TimeUnits | undefined;
  /** The calendar as it is spelled. */
  readonly calendar: string | undefined;
  /** Byte strings that are text in this encoding. */
  readonly text: "utf-8" | undefined;
  /** What decoded values are. */
  readonly dtype: Dtype;
}

/** The coding under which stored values are what they are. */
export function plainCoding(stored: ElementType): Coding {
  return {
    stored,
    reinterpreted: undefined,
    fills: [],
    scaleFactor: undefined,
    addOffset: undefined,
    time: undefined,
    calendar: undefined,
    text: undefined,
    dtype: stored.name,
  };
}

/** The coding of times in memory. */
export function timeCoding(stored: ElementType, time: TimeUnits, calendar: string): Coding {
  return { ...plainCoding(stored), time, calendar, dtype: "datetime" };
}

/** Whether decoding changes no value and no type; times are numbers in their units. */
export function isPlain(coding: Coding): boolean {
  const { dtype, stored } = coding;
  const isTime = dtype === "datetime" && (stored.name === "int64" || stored.name === "float64");
  return (
    (dtype === stored.name || isTime) &&
    coding.reinterpreted === undefined &&
    coding.fills.length === 0 &&
    !isPacked(coding) &&
    coding.text === undefined
  );
}

/** Whether stored values are scaled or shifted. */
export function isPacked(coding: Pick<Coding, "scaleFactor" | "addOffset">): boolean {
  const { scaleFactor, addOffset } = coding;
  return scaleFactor !== undefined || addOffset !== undefined;
}

/** Whether stored values of one mean the same under the other. */
export function isSameCoding(a: Coding, b: Coding): boolean {
  return (
    isSameType(a.stored, b.stored) &&
    a.reinterpreted?.name === b.reinterpreted?.name &&
    isSameSet(a.fills, b.fills) &&
    (a.scaleFactor ?? 1) === (b.scaleFactor ?? 1) &&
    (a.addOffset ?? 0) === (b.addOffset ?? 0) &&
    isSameUnits(a.time, b.time) &&
    a.text === b.text
  );
}

function isSameSet(a: readonly (number | bigint)[], b: readonly (number | bigint)[]): boolean {
  const has = (list: readonly (number | bigint)[], value: number | bigint): boolean =>
    list.some(
      (other) =>
        Number(other) === Number(value) && BigInt(toInteger(other)) === BigInt(toInteger(value)),
    );
  return a.every((value) => has(b, value)) && b.every((value) => has(a, value));
}

function toInteger(value: number | bigint): number | bigint {
  return typeof value === "bigint" || Number.isInteger(value) ? value : 0;
}

/**
 * The type as which integers are read under `_Unsigned`, or `undefined`: as they are. xarray knows
 * the texts `true` and `false`, and nothing else.
 */
export function signedAs(type: ElementType, says: unknown): ElementType | undefined {
  if (!isInteger(type)) return undefined;
  return says === (type.name.startsWith("u") ? "false" : "true") ? otherSign(type) : undefined;
}

/** The other sign's type of the same width: `int8` for `uint8`. */
function otherSign(type: ElementType): ElementType {
  const name = type.name.startsWith("u") ? type.name.slice(1) : `u${type.name}`;
  return { name: name as ElementType["name"] };
}

/** Bytes of one number of this type. */
export function bytesPerValue(type: ElementType): number {
  return type.name === "bool" ? 1 : Number(/\d+$/.exec(type.name)?.[0] ?? 8) / 8;
}

/** What an attribute says of its precision. */
export interface ScaleNumbers {
  readonly scaleFactor: number | undefined;
  readonly addOffset: number | undefined;
  readonly isScaleSingle: boolean;
  readonly isOffsetSingle: boolean;
}

/**
 * The float type that values unpacked with this scale and offset have, as xarray chooses: single
 * precision only where scale and offset are (and the stored numbers have no more digits).
 */
export function unpackedName(stored: ElementType, scale: ScaleNumbers): "float32" | "float64" {
  const { scaleFactor, addOffset, isScaleSingle, isOffsetSingle } = scale;
  if (scaleFactor !== undefined && addOffset !== undefined) {
    const isWide = isInteger(stored) && bytesPerValue(stored) === 4;
    return isScaleSingle && isOffsetSingle && !isWide ? "float32" : "float64";
  }
  if (addOffset !== undefined) return "float64";
  return isScaleSingle ? "float32" : "float64";
}

/** The type that masked values have: integers become floats, to hold NaN. */
export function maskedName(stored: ElementType): Dtype {
  if (isFloat(stored)) return stored.name;
  return bytesPerValue(stored) <= 2 ? "float32" : "float64";
}
