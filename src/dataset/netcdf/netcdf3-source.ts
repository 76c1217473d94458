/**
 * Reads boxes of a NetCDF-3 variable: only the bytes that hold them, neighbours joined into few
 * larger reads. Values come out in the machine's own byte order.
 */

import { mapConcurrent } from "../../base/concurrency.ts";
import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { type Box, offsetOf, shapeOf, stridesOf } from "../../zarr/box.ts";
import { isLittleEndian, type Numbers, swapBytes } from "../../zarr/codecs/elements.ts";
import type { ArraySource } from "../array/array-source.ts";
import { allocate } from "../array/elements.ts";
import type { ByteSource } from "./byte-source.ts";
import type { HeaderVariable } from "./netcdf3-header.ts";

/** Up to this gap two runs are read at once: a request costs more than these bytes. */
const GAP_BYTES_MAX = 32_768;
/** Longest single read. */
const SPAN_BYTES_MAX = 8 * 1024 * 1024;
/** Reads of one box under way at once. */
const READS_MAX = 4;

/** Runs of one box that are read together; offsets are in bytes, from the file's start. */
interface Span extends Extent {
  end: number;
  readonly firstRun: number;
  runCount: number;
}

/** The runs of contiguous bytes that make up a box, in order. */
interface Runs {
  readonly count: number;
  readonly bytes: number;
  startOf(run: number): number;
}

/** The values of a variable as stored; chars come as single bytes. */
export function netcdf3Source(file: ByteSource, variable: HeaderVariable): ArraySource {
  const { type, shape } = variable;
  const element = { name: type.name === "char" ? "uint8" : type.name } as const;
  return {
    type: element,
    shape,
    async read(box, signal) {
      const count = volumeOf(shapeOf(box));
      if (count === 0) return allocate(element, 0, variable.name);
      const runs = runsOf(variable, box);
      checkEnd(file, variable, runs);
      const values = allocate(element, count, variable.name) as Numbers;
      const target = new Uint8Array(values.buffer);
      await mapConcurrent(spansOf(runs), READS_MAX, async (span) => {
        const bytes = await file.read(span.start, span.end, signal);
        for (let i = 0; i < span.runCount; i++) {
          const run = span.firstRun + i;
          const at = runs.startOf(run) - span.start;
          target.set(bytes.subarray(at, at + runs.bytes), run * runs.bytes);
        }
      });
      if (isLittleEndian()) swapBytes(target, type.bytes);
      return values;
    },
  };
}

// Checked before anything is allocated: a hostile shape costs nothing.
function checkEnd(file: ByteSource, variable: HeaderVariable, runs: Runs): void {
  const end = runs.startOf(runs.count - 1) + runs.bytes;
  if (end <= file.sizeBytes) return;
  throw makeError(
    "invalid-file-format",
    `${file.name}: variable ${variable.name} reaches to byte ${end}, the file has ${file.sizeBytes}`,
    { details: { object: file.name, variable: variable.name, offset: variable.begin } },
  );
}

function runsOf({ shape, type, begin, isRecord, recordStride }: HeaderVariable, box: Box): Runs {
  const strides = stridesOf(shape).map((stride) => stride * type.bytes);
  if (isRecord) strides[0] = recordStride;
  const size = shapeOf(box);
  let inner = shape.length;
  let bytes = type.bytes;
  // A dimension joins the run while all of the inner ones are whole and without gaps.
  while (inner > 0 && strides[inner - 1] === bytes) {
    inner--;
    bytes *= size[inner] as number;
    if (size[inner] !== shape[inner]) break;
  }
  const outer = size.slice(0, inner);
  const first = box.map(({ start }) => start);
  const firstAt = begin + offsetOf(first, strides);
  return {
    count: volumeOf(outer),
    bytes,
    startOf(run) {
      let start = firstAt;
      let rest = run;
      for (let d = inner - 1; d >= 0; d--) {
        const length = outer[d] as number;
        start += (rest % length) * (strides[d] as number);
        rest = Math.floor(rest / length);
      }
      return start;
    },
  };
}

/** Joins neighbouring runs; a run longer than a span is split into spans of its own. */
function spansOf(runs: Runs): Span[] {
  const spans: Span[] = [];
  let last: Span | undefined;
  for (let run = 0; run < runs.count; run++) {
    const start = runs.startOf(run);
    const end = start + runs.bytes;
    const isNear = last !== undefined && start >= last.end && start - last.end <= GAP_BYTES_MAX;
    if (last !== undefined && isNear && end - last.start <= SPAN_BYTES_MAX) {
      last.end = end;
      last.runCount++;
    } else {
      last = { start, end, firstRun: run, runCount: 1 };
      spans.push(last);
    }
  }
  return spans;
}
