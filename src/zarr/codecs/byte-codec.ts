/** One step of a codec chain from bytes to bytes. */

/** Encodes and decodes bytes. */
export interface ByteCodec {
  encode(bytes: Uint8Array): Promise<Uint8Array>;
  /** `bytesMax`: most bytes that may come out. @throws {deserialization} naming the chunk */
  decode(bytes: Uint8Array, bytesMax: number, chunk: string): Promise<Uint8Array>;
  /** By how much it lengthens any bytes, if that does not depend on them. */
  readonly addedBytes?: number | undefined;
}
