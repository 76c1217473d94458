/**
 * Writes zstd's bit streams: lowest bits first, closed by a 1 that the decoder starts from. Loops
 * that put out much keep its fields in variables meanwhile.
 */
export class BitWriter {
  readonly bytes: Uint8Array;
  /** Of `bytes`. Who stores words needs room for three bytes more than are put out. */
  readonly view: DataView;
  /** Where the next byte goes. */
  position = 0;
  /** Bits that wait for a whole byte, and how many: below 8 between calls. */
  pending = 0;
  pendingBits = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Appends the low `width` bits of `value`; at most 24. */
  add(value: number, width: number): void {
    this.pending |= (value & ((1 << width) - 1)) << this.pendingBits;
    this.pendingBits += width;
    while (this.pendingBits >= 8) {
      this.bytes[this.position++] = this.pending;
      this.pending >>>= 8;
      this.pendingBits -= 8;
    }
  }

  /** Appends the end mark and pads with zeros to a whole byte. */
  close(): void {
    this.add(1, 1);
    this.pad();
  }

  /** Pads with zeros to a whole byte. */
  pad(): void {
    if (this.pendingBits > 0) this.add(0, 8 - this.pendingBits);
  }
}
