/** Stored values to decoded ones: masked, unpacked, as times or texts. */

import { makeError } from "../../base/errors.ts";
import { isList, type Numbers } from "../../zarr/codecs/elements.ts";
import { allocate, type ElementType, type Values } from "../array/elements.ts";
import { NOT_A_TIME } from "../model/time-array.ts";
import { bytesPerValue, type Coding, isPlain } from "./coding.ts";
import { wrapped } from "./decode-attributes.ts";

/** The type that decoded values have in memory; times are integers or doubles. */
export function decodedType(coding: Coding): ElementType {
  const { dtype, stored } = coding;
  if (dtype === "datetime") return { name: isWholeTime(coding) ? "int64" : "float64" };
  if (dtype === "string" || dtype === "bytes") {
    return coding.text === undefined ? stored : { name: "string" };
  }
  return { name: dtype };
}

/** Whether times are integers: stored so, and not unpacked. */
function isWholeTime({ stored, scaleFactor, addOffset }: Coding): boolean {
  return !stored.name.startsWith("float") && scaleFactor === undefined && addOffset === undefined;
}

/** Decodes values of variable `owner`. May return `values` itself. @throws {deserialization} */
export function decodeValues(values: Values, coding: Coding, owner: string): Values {
  if (isPlain(coding)) return values;
  if (isList(values)) return coding.text === undefined ? values : decodeTexts(values, owner);
  if (coding.dtype === "bool") {
    return Uint8Array.from(values as Int8Array, (value) => (value === 0 ? 0 : 1));
  }
  const seen = reinterpret(values, coding);
  if (coding.dtype === "datetime" && isWholeTime(coding)) return wholeTimes(seen, coding, owner);
  const isMaskedOnly = coding.scaleFactor === undefined && coding.addOffset === undefined;
  if (coding.fills.length === 0 && isMaskedOnly) return inType(seen, decodedType(coding));
  return unpack(seen, coding);
}

function decodeTexts(values: readonly (string | Uint8Array)[], owner: string): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return values.map((value, index) => {
    if (typeof value === "string") return value;
    try {
      return decoder.decode(value);
    } catch (cause) {
      throw makeError("deserialization", `${owner}: element ${index} is not UTF-8`, {
        details: { owner, element: index },
        cause,
      });
    }
  });
}

/** The same bytes as integers of the other sign. */
function reinterpret(values: Numbers, { reinterpreted }: Coding): Numbers {
  if (reinterpreted === undefined) return values;
  const { constructor: NumberArray } = allocate(reinterpreted, 0, "integers") as Numbers;
  return new (
    NumberArray as new (
      buffer: ArrayBufferLike,
      byteOffset: number,
      length: number,
    ) => Numbers
  )(values.buffer, values.byteOffset, values.length);
}

function inType(values: Numbers, type: ElementType): Values {
  const target = allocate(type, 0, "numbers") as Numbers;
  if (target.constructor === values.constructor) return values;
  const converted = allocate(type, values.length, "numbers") as Float64Array;
  for (let i = 0; i < values.length; i++) converted[i] = Number(values[i]);
  return converted;
}

/** Fill values as they look after reinterpretation. */
function shownFills({ fills, reinterpreted }: Coding): readonly (number | bigint)[] {
  if (reinterpreted === undefined) return fills;
  return fills.map((fill) => {
    const shown = wrapped(BigInt(fill), reinterpreted);
    return bytesPerValue(reinterpreted) === 8 ? shown : Number(shown);
  });
}

function wholeTimes(values: Numbers, coding: Coding, owner: string): BigInt64Array {
  const fills = shownFills(coding).map(BigInt);
  return BigInt64Array.from({ length: values.length }, (_, i) => {
    const value = BigInt(values[i] as number);
    if (fills.includes(value)) return NOT_A_TIME;
    if (BigInt.asIntN(64, value) === value) return value;
    throw makeError("deserialization", `${owner}: element ${i} is no time: ${value}`, {
      details: { owner, element: i },
    });
  });
}

/** Masks, scales and offsets; in single precision where the result is. */
function unpack(values: Numbers, coding: Coding): Values {
  const { scaleFactor, addOffset } = coding;
  const type = decodedType(coding);
  const isSingle = type.name === "float32";
  const round = isSingle ? Math.fround : (value: number): number => value;
  const scale = scaleFactor === undefined ? undefined : round(scaleFactor);
  const offset = addOffset === undefined ? undefined : round(addOffset);
  const fills = shownFills(coding);
  const [fill] = fills;
  const target = allocate(type, values.length, "numbers") as Float64Array;
  for (let i = 0; i < values.length; i++) {
    const stored = values[i] as number | bigint;
    if (stored === fill || (fills.length > 1 && fills.includes(stored))) {
      target[i] = Number.NaN;
      continue;
    }
    let value = round(Number(stored));
    if (scale !== undefined) value = round(value * scale);
    if (offset !== undefined) value = round(value + offset);
    target[i] = value;
  }
  return target;
}
