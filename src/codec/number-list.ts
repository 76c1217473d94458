/**
 * Columns of integers in few bytes: as varints, as differences, as runs of either, or packed into
 * as many bits as their range needs, whatever is shortest. Constant lengths and evenly spaced
 * offsets of a million rows take a few bytes.
 */
import { type ByteReader, type ByteWriter, varintBytes } from "./byte-stream.ts";

const PLAIN = 0;
const DIFFERENCES = 1;
const RUNS = 2;
const DIFFERENCE_RUNS = 3;
const PACKED = 4;
const DIFFERENCE_END = 2 ** 52; // Twice a difference, plus its sign, must be a safe integer.
const BITS_MAX = 53;
const DIGIT_BITS = 24; // With up to 7 pending bits it fits 32.

/** Writes safe integers >= 0. The reader must know how many. */
export function writeNumbers(writer: ByteWriter, values: ArrayLike<number>): void {
  const form = shortestForm(values);
  writer.byte(form.mode);
  if (form.mode === PACKED) {
    writer.varint(form.least);
    writer.byte(form.bits);
    writePacked(writer, values, form.least, form.bits);
    return;
  }
  const isDifferences = form.mode === DIFFERENCES || form.mode === DIFFERENCE_RUNS;
  const isRuns = form.mode === RUNS || form.mode === DIFFERENCE_RUNS;
  const storedAt = isDifferences ? differenceAt : valueAt;
  for (let i = 0; i < values.length; ) {
    const stored = storedAt(values, i);
    writer.varint(stored);
    let end = i + 1;
    if (isRuns) {
      while (end < values.length && storedAt(values, end) === stored) end++;
      writer.varint(end - i);
    }
    i = end;
  }
}

const valueAt = (values: ArrayLike<number>, i: number): number => values[i] as number;

/** Difference to the value before as an integer >= 0: 0, -1, 1, -2 ... become 0, 1, 2, 3 ... */
function differenceAt(values: ArrayLike<number>, i: number): number {
  const difference = (values[i] as number) - (i === 0 ? 0 : (values[i - 1] as number));
  return difference < 0 ? -difference * 2 - 1 : difference * 2;
}

const unfoldSign = (folded: number): number => (folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2);

interface Form {
  readonly mode: number;
  readonly least: number;
  readonly bits: number;
}

function shortestForm(values: ArrayLike<number>): Form {
  let least = values.length === 0 ? 0 : Number.MAX_SAFE_INTEGER;
  let most = 0;
  let isSmooth = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
    const before = i === 0 ? 0 : (values[i - 1] as number);
    if (Math.abs(value - before) >= DIFFERENCE_END) isSmooth = false;
  }
  let bits = 0;
  while (2 ** bits <= most - least) bits++;
  const sizes = [0, Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0];
  [sizes[PLAIN], sizes[RUNS]] = storedBytes(values, valueAt);
  if (isSmooth) [sizes[DIFFERENCES], sizes[DIFFERENCE_RUNS]] = storedBytes(values, differenceAt);
  sizes[PACKED] = varintBytes(least) + 1 + Math.ceil((values.length * bits) / 8);
  return { mode: sizes.indexOf(Math.min(...sizes)), least, bits };
}

/** Bytes one by one, and as runs. */
function storedBytes(
  values: ArrayLike<number>,
  storedAt: (values: ArrayLike<number>, i: number) => number,
): [number, number] {
  let bytes = 0;
  let runBytes = 0;
  for (let i = 0; i < values.length; ) {
    const stored = storedAt(values, i);
    let end = i + 1;
    while (end < values.length && storedAt(values, end) === stored) end++;
    const byteCount = varintBytes(stored);
    bytes += byteCount * (end - i);
    runBytes += byteCount + varintBytes(end - i);
    i = end;
  }
  return [bytes, runBytes];
}

function writePacked(
  writer: ByteWriter,
  values: ArrayLike<number>,
  least: number,
  bits: number,
): void {
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < values.length; i++) {
    let rest = (values[i] as number) - least;
    for (let left = bits; left > 0; left -= DIGIT_BITS) {
      const digitBits = Math.min(left, DIGIT_BITS);
      pending |= (rest % 2 ** DIGIT_BITS) << pendingBits;
      rest = Math.floor(rest / 2 ** DIGIT_BITS);
      pendingBits += digitBits;
      for (; pendingBits >= 8; pendingBits -= 8) {
        writer.byte(pending & 0xff);
        pending >>>= 8;
      }
    }
  }
  if (pendingBits > 0) writer.byte(pending);
}

/** Reads `count` integers in [0, end). Few bytes can be a long run: callers bound `count` first. */
export function readNumbers(reader: ByteReader, count: number, end: number): Float64Array {
  const mode = reader.byte();
  if (mode === PACKED) return readPacked(reader, count, end);
  if (mode > PACKED) reader.fail(`a column of unknown form ${mode}`);
  const isRuns = mode === RUNS || mode === DIFFERENCE_RUNS;
  const isDifferences = mode === DIFFERENCES || mode === DIFFERENCE_RUNS;
  const values = new Float64Array(count);
  let value = 0;
  for (let i = 0; i < count; ) {
    const stored = reader.varint();
    const run = isRuns ? reader.varint() : 1;
    if (run < 1 || run > count - i) reader.fail("a run has a wrong length");
    const step = isDifferences ? unfoldSign(stored) : 0;
    if (!isDifferences) value = stored;
    for (const runEnd = i + run; i < runEnd; i++) {
      value += step;
      if (!(value >= 0 && value < end)) reader.fail(`a number is outside [0, ${end})`);
      values[i] = value;
    }
  }
  return values;
}

function readPacked(reader: ByteReader, count: number, end: number): Float64Array {
  const least = reader.varint();
  const bits = reader.byte();
  if (bits > BITS_MAX) reader.fail(`a column of ${bits} bits`);
  const source = reader.raw(Math.ceil((count * bits) / 8));
  const values = new Float64Array(count);
  let at = 0;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < count; i++) {
    let value = least;
    let scale = 1;
    for (let left = bits; left > 0; left -= DIGIT_BITS) {
      const digitBits = Math.min(left, DIGIT_BITS);
      for (; pendingBits < digitBits; pendingBits += 8) {
        pending |= (source[at++] as number) << pendingBits;
      }
      value += (pending & (2 ** digitBits - 1)) * scale;
      scale *= 2 ** DIGIT_BITS;
      pending >>>= digitBits;
      pendingBits -= digitBits;
    }
    if (!(value < end)) reader.fail(`a number is outside [0, ${end})`);
    values[i] = value;
  }
  return values;
}
