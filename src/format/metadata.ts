/** User metadata items, kept encoded: rewriting a file never re-encodes what it does not change. */

/** One named value, encoded as FlexBuffers (spec 2) or MessagePack (spec 1). */
export interface MetadataItem {
  readonly name: string;
  readonly value: Uint8Array;
}
