/**
 * Variables that a user makes without values: templates, which have none, and those whose values a
 * function makes when they are needed, so that a dataset larger than memory can be written.
 */

import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import { describe } from "../../base/options.ts";
import { type Box, shapeOf } from "../../zarr/box.ts";
import { isNumberTypeName } from "../../zarr/codecs/data-type.ts";
import type { ArraySource } from "../array/array-source.ts";
import { allocate, type ElementType, isFloat, type Values } from "../array/elements.ts";
import { type Coding, plainCoding, timeCoding } from "../cf/coding.ts";
import { parseTimeUnits } from "../cf/time-units.ts";
import { parseTypeName } from "../cf/type-name.ts";
import { type DataInput, type Dtype, flattenData, withDtype } from "./data.ts";

const loadEncoder = /* @__PURE__ */ lazyPart(() => import("../cf/encode-values.ts"));

/**
 * Makes the values of a part of a variable, as a `Dataset` takes them: row-major, of the variable's
 * dtype, times in any units. `region` has elements [start, end) per dimension, in the order of
 * `dims`, at least one. When the variable is written it is called once per chunk (with shards: per
 * shard), for up to 8 chunks at once, in any order; when it is loaded, once for all of it.
 */
export type ReadRegion = (
  region: readonly Extent[],
  options: { readonly signal?: AbortSignal | undefined },
) => DataInput | Promise<DataInput>;

/** What is said of values that are not there. */
interface LazyInput {
  readonly dtype?: Dtype | undefined;
  readonly encoding?: Readonly<Record<string, unknown>> | undefined;
  readonly read?: ReadRegion | undefined;
}

/** A source of what `read` makes; without it a template. @throws {invalid-option} a dtype */
export function lazyContent(
  { dtype, encoding = {}, read }: LazyInput,
  shape: readonly number[],
  owner: string,
): { source: ArraySource; coding: Coding } {
  const coding = codingOf(dtype, encoding, owner);
  const type = coding.stored;
  if (read === undefined) {
    const refuse = (): Promise<Values> =>
      Promise.reject(makeError("internal", `${owner}: a template was read`));
    return { source: { type, shape, isTemplate: true, read: refuse }, coding };
  }
  const source: ArraySource = {
    ...{ type, shape, isExact: true },
    async read(box, signal) {
      if (volumeOf(shapeOf(box)) === 0) return allocate(type, 0, owner);
      const region = box.map(({ start, end }) => ({ start, end }));
      const data: unknown = await read(region, { signal });
      return valuesOf(data, coding, box, owner);
    },
  };
  return { source, coding };
}

/** Values as they are in memory: as `dtype` says, times in the units of the encoding. */
function codingOf(
  dtype: Dtype | undefined,
  encoding: Readonly<Record<string, unknown>>,
  owner: string,
): Coding {
  if (dtype === "datetime") return timesCoding(encoding, owner);
  if (dtype === "string") return plainCoding({ name: dtype });
  if (typeof dtype === "string" && isNumberTypeName(dtype)) return plainCoding({ name: dtype });
  const asked = encoding["dtype"] ?? undefined;
  if (dtype === "bytes") {
    const type = asked === undefined ? undefined : parseTypeName(asked, owner);
    if (type?.name === "bytes") return plainCoding(type);
    throw invalid(owner, 'dtype bytes needs a width: encoding: { dtype: "S8" }');
  }
  throw invalid(
    owner,
    `dtype must be a name of numbers such as "float32", "bool", "string", "bytes" or "datetime", got ${describe(dtype)}`,
  );
}

function timesCoding(encoding: Readonly<Record<string, unknown>>, owner: string): Coding {
  const { units, calendar = "proleptic_gregorian", dtype } = encoding;
  if (typeof units !== "string" || typeof calendar !== "string") {
    throw invalid(
      owner,
      'dtype datetime needs its units: encoding: { units: "hours since 2000-01-01" }',
    );
  }
  const asked = dtype === undefined || dtype === null ? undefined : parseTypeName(dtype, owner);
  const type: ElementType = { name: asked && isFloat(asked) ? "float64" : "int64" };
  return timeCoding(type, parseTimeUnits(units, calendar, owner), calendar);
}

/** What `read` returned for `box`, checked. */
async function valuesOf(data: unknown, coding: Coding, box: Box, owner: string): Promise<Values> {
  const shape = shapeOf(box);
  const said = `${owner}: read of [${box.map(({ start, end }) => `${start}:${end}`).join(", ")}]`;
  const flat = withDtype(flattenData(data, said), { data, dtype: coding.dtype }, said);
  const isFit = flat.shape === undefined || flat.shape.join() === shape.join();
  if (!isFit || flat.values.length !== volumeOf(shape)) {
    const found = flat.shape === undefined ? flat.values.length : `[${flat.shape.join(", ")}]`;
    throw invalid(
      owner,
      `read must return ${volumeOf(shape)} values of shape [${shape.join(", ")}], got ${found}`,
    );
  }
  const { values, type, times } = flat;
  if (times === undefined && type.name !== "bytes") return values;
  const { encodeValues } = await loadEncoder(); // Readers never need it.
  return encodeValues({ values, type, time: times?.parsed }, coding, { name: said });
}

function invalid(owner: string, what: string): Error {
  return makeError("invalid-option", `${owner}: ${what}`, { details: { variable: owner } });
}
