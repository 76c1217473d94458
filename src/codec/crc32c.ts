/** CRC-32C (Castagnoli): finds every burst of up to 32 wrong bits and every flip of up to three. */

const POLYNOMIAL = 0x82f63b78; // Reflected.
const TABLES = makeTables();

/** Table k advances a byte over k further zero bytes, so that 8 bytes are taken at a time. */
function makeTables(): Uint32Array[] {
  const tables: Uint32Array[] = [];
  for (let k = 0; k < 8; k++) {
    const table = new Uint32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      let crc = k === 0 ? byte : ((tables[k - 1] as Uint32Array)[byte] as number);
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
      table[byte] = crc;
    }
    tables.push(table);
  }
  return tables;
}

/** Checksum of `bytes` [start, end), an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = 0xffffffff;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const low = view.getUint32(at, true) ^ crc;
    const high = view.getUint32(at + 4, true);
    crc =
      (t7[low & 0xff] as number) ^
      (t6[(low >>> 8) & 0xff] as number) ^
      (t5[(low >>> 16) & 0xff] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[high & 0xff] as number) ^
      (t2[(high >>> 8) & 0xff] as number) ^
      (t1[(high >>> 16) & 0xff] as number) ^
      (t0[high >>> 24] as number);
  }
  for (; at < end; at++) crc = (t0[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
