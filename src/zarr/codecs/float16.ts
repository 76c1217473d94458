/** IEEE 754 half precision, which Node 20 has no array for. */

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Bits of the half nearest to `value`, ties to even; too large becomes infinity. */
export function float16Bits(value: number): number {
  // Two roundings (double to single to half) can differ from one: settle ties by the remainder.
  single[0] = value;
  const rounded = single[0];
  let bits = singleBits[0] as number;
  if (rounded !== value && !Number.isNaN(value)) bits = roundToOdd(bits, rounded, value);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | (fraction === 0 ? 0x7c00 : 0x7e00);
  const scaled = exponent - 112; // Half's bias is 15, single's 127.
  if (scaled >= 31) return sign | 0x7c00;
  if (scaled <= 0) {
    if (scaled < -10) return sign;
    return sign | roundShift(fraction | 0x800000, 14 - scaled);
  }
  // A carry out of the fraction runs into the exponent, as it should.
  return sign | roundShift((scaled << 23) | fraction, 13);
}

/** Truncates toward zero and sets the last bit, so that a later rounding sees the remainder. */
function roundToOdd(bits: number, rounded: number, value: number): number {
  const isAway = Math.abs(rounded) > Math.abs(value);
  return ((isAway ? bits - 1 : bits) | 1) >>> 0;
}

function roundShift(value: number, shift: number): number {
  const half = 2 ** (shift - 1);
  const remainder = value & (2 ** shift - 1);
  const quotient = value >>> shift;
  const isUp = remainder > half || (remainder === half && (quotient & 1) === 1);
  return isUp ? quotient + 1 : quotient;
}

/** The value of a half given by its bits. */
export function float16Value(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
