/**
 * Takes the attributes that say how values are stored off a variable: they become its coding and
 * its encoding, as xarray does. Spec: CF "Attributes".
 */
import { isJsonArray, JsonNumber, type JsonValue, jsonToPlain } from "../../codec/json.ts";
import { type ElementType, isFloat, isNumeric, typeText } from "../array/elements.ts";
import type { DatasetWarning } from "../model/warning.ts";
import type { RawVariable } from "../netcdf/raw-variable.ts";
import {
  bytesPerValue,
  type Coding,
  isPacked,
  maskedName,
  plainCoding,
  type ScaleNumbers,
  signedAs,
  unpackedName,
} from "./coding.ts";
import { isTimeUnits, readTimeUnits } from "./time-units.ts";

/** What is decoded. Everything, unless said otherwise. */
export interface DecodeOptions {
  readonly decodeTimes?: boolean | undefined;
  readonly maskAndScale?: boolean | undefined;
}

/** A variable's coding, the attributes that are left, and what became encoding. */
export interface DecodedAttributes {
  readonly coding: Coding;
  readonly attributes: ReadonlyMap<string, JsonValue>;
  readonly encoding: Readonly<Record<string, unknown>>;
  /** Why times are left undecoded. */
  readonly warning: DatasetWarning | undefined;
}

/** A draft: what is left of the attributes, and what was taken. */
interface Draft {
  readonly name: string;
  readonly left: Map<string, JsonValue>;
  readonly encoding: Record<string, unknown>;
  readonly float32Names: ReadonlySet<string>;
  warning: DatasetWarning | undefined;
}

/** Decodes the attributes of one variable. Times that cannot be decoded stay numbers. */
export function decodeAttributes(
  variable: RawVariable,
  options: DecodeOptions = {},
): DecodedAttributes {
  const { name, source, attributes } = variable;
  const draft: Draft = {
    name,
    left: new Map(attributes.values),
    encoding: { ...variable.encoding, dtype: encodingName(source.type) },
    float32Names: attributes.float32Names,
    warning: undefined,
  };
  moveTo(draft, "coordinates");
  const coding = codingOf(draft, source.type, options);
  const { left, encoding, warning } = draft;
  return { coding, attributes: left, encoding, warning };
}

/** How the encoding names a type: `int16`, `<U5`, `S5`, `string`. */
function encodingName(type: ElementType): string {
  if (type.width === undefined) return type.name;
  if (type.name === "bytes") return `S${type.width}`;
  return type.name === "string" ? `<U${type.width}` : typeText(type);
}

function moveTo(draft: Draft, name: string): JsonValue | undefined {
  const value = draft.left.get(name);
  if (value === undefined) return undefined;
  draft.left.delete(name);
  draft.encoding[name] = jsonToPlain(value);
  return value;
}

function codingOf(draft: Draft, type: ElementType, options: DecodeOptions): Coding {
  const plain = plainCoding(type);
  if (!isNumeric(type)) return { ...plain, ...textCoding(draft, type) };
  if (type.name === "int8" && draft.left.get("dtype") === "bool") {
    draft.left.delete("dtype");
    return { ...plain, dtype: "bool" };
  }
  if (type.name === "bool" || options.maskAndScale === false) {
    if (type.name === "bool") moveTo(draft, "_FillValue");
    return { ...plain, ...timePart(draft, plain, options) };
  }
  const reinterpreted = takeUnsigned(draft, type);
  const seen = reinterpreted ?? type;
  const scale = takeScale(draft);
  const fills = takeFills(draft, type, seen);
  const isScaled = isPacked(scale);
  const masked: Coding = {
    ...plain,
    reinterpreted,
    fills,
    scaleFactor: scale.scaleFactor,
    addOffset: scale.addOffset,
    dtype: isScaled ? unpackedName(seen, scale) : fills.length > 0 ? maskedName(seen) : seen.name,
  };
  return { ...masked, ...timePart(draft, masked, options) };
}

function textCoding(draft: Draft, type: ElementType): Partial<Coding> {
  // Never written again: xarray cannot read a fill value of texts.
  moveTo(draft, "_FillValue");
  const encoding = draft.left.get("_Encoding");
  if (type.name !== "bytes" || typeof encoding !== "string") return {};
  if (!/^(utf-?8|ascii)$/i.test(encoding)) return {};
  moveTo(draft, "_Encoding");
  return { text: "utf-8", dtype: "string" };
}

function takeUnsigned(draft: Draft, type: ElementType): ElementType | undefined {
  return signedAs(type, moveTo(draft, "_Unsigned"));
}

function takeScale(draft: Draft): ScaleNumbers {
  return {
    scaleFactor: takeNumber(draft, "scale_factor"),
    addOffset: takeNumber(draft, "add_offset"),
    isScaleSingle: draft.float32Names.has("scale_factor"),
    isOffsetSingle: draft.float32Names.has("add_offset"),
  };
}

/** A number, or a list of one; anything else stays an attribute. */
function takeNumber(draft: Draft, name: string): number | undefined {
  const value = draft.left.get(name);
  const single = isJsonArray(value) && value.length === 1 ? value[0] : value;
  const number = single instanceof JsonNumber ? single.value : single;
  if (typeof number !== "number" && typeof number !== "bigint") return undefined;
  draft.left.delete(name);
  draft.encoding[name] = Number(number);
  return Number(number);
}

/**
 * Missing values as stored. Those that an integer can never be are dropped, as xarray does; a text
 * stands for none, but stays for whoever put it there.
 */
function takeFills(
  draft: Draft,
  type: ElementType,
  seen: ElementType,
): readonly (number | bigint)[] {
  const fills: (number | bigint)[] = [];
  for (const name of ["_FillValue", "missing_value"]) {
    const value = draft.left.get(name);
    if (value === undefined) continue;
    const listed = (isJsonArray(value) ? value : [value]).map(plainNumber);
    const usableOf = name === "missing_value" ? usableMissing : usableFill;
    const usable = listed.flatMap((item) => usableOf(item, type, seen) ?? []);
    draft.left.delete(name);
    const isText = name === "missing_value" && typeof value === "string";
    const isKept = usable.length > 0 || isText || (isFloat(type) && typeof listed[0] === "number");
    if (!isKept) continue;
    draft.encoding[name] = listed.length === 1 ? listed[0] : listed;
    for (const fill of usable) if (!fills.includes(fill)) fills.push(fill);
  }
  return fills;
}

function plainNumber(value: JsonValue): unknown {
  return value instanceof JsonNumber ? value.value : value;
}

/** A fill value as it is stored; `undefined` if the type cannot hold it. */
export function usableFill(
  value: unknown,
  type: ElementType,
  seen: ElementType,
): number | bigint | undefined {
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  if (isFloat(type)) return Number.isNaN(Number(value)) ? undefined : Number(value);
  if (typeof value === "number" && !Number.isInteger(value)) return undefined;
  const integer = BigInt(value);
  const stored = wrapped(integer, type);
  // Under _Unsigned a fill may be given with either sign: -1 and 255 are one byte.
  if (stored !== integer && wrapped(integer, seen) !== integer) return undefined;
  return bytesPerValue(type) === 8 ? stored : Number(stored);
}

/** As `usableFill`; xarray compares `missing_value` with what is seen, `_FillValue` with the bytes. */
function usableMissing(
  value: unknown,
  type: ElementType,
  seen: ElementType,
): number | bigint | undefined {
  const fill = usableFill(value, seen, seen);
  return fill === undefined ? undefined : usableFill(fill, type, seen);
}

/** The integer that the same bits are in this type. */
export function wrapped(value: bigint, type: ElementType): bigint {
  const bits = bytesPerValue(type) * 8;
  return type.name.startsWith("u") ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
}

function timePart(
  draft: Draft,
  coding: Coding,
  options: DecodeOptions,
): Partial<Pick<Coding, "time" | "calendar" | "dtype">> {
  const units = draft.left.get("units");
  if (options.decodeTimes === false || !isTimeUnits(units) || coding.stored.name === "bool") {
    return {};
  }
  const calendar = draft.left.get("calendar");
  const time = readTimeUnits(units, calendar);
  if ("problem" in time) {
    draft.warning = {
      variable: draft.name,
      attribute: time.attribute,
      message: `variable ${draft.name}: ${time.problem}: its numbers are no times`,
    };
    return {};
  }
  moveTo(draft, "units");
  moveTo(draft, "calendar");
  return {
    time,
    calendar: typeof calendar === "string" ? calendar : undefined,
    dtype: "datetime",
  };
}

/** The number that `_FillValue` of a Zarr array says; other values as they are. */
export function parseFillAttribute(stored: ElementType, value: JsonValue): JsonValue {
  if (!isFloat(stored) || typeof value !== "string") return value;
  if (/^[A-Za-z0-9+/]{11}=$/.test(value)) {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    return new DataView(bytes.buffer).getFloat64(0, true);
  }
  // Not what xarray writes or reads, but what other writers do.
  return /^(NaN|-?Infinity)$/.test(value) ? Number(value) : value;
}
