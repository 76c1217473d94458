/** One chunk reference as a value. Spec: v2 "Chunk Manifest Files" › ChunkRef. */

/** The chunk's bytes stand in the manifest itself. */
interface InlineRef {
  readonly type: "inline";
  readonly bytes: Uint8Array;
}

/** The chunk is bytes [offset, offset + length) of the object `chunks/<id>`. */
export interface NativeRef {
  readonly type: "native";
  readonly id: string;
  readonly offset: number;
  readonly length: number;
}

/** The chunk is bytes [offset, offset + length) of an object elsewhere. */
export interface VirtualRef {
  readonly type: "virtual";
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly etag?: string | undefined;
  readonly lastModifiedSeconds?: number | undefined;
}

/** Where a chunk's bytes are. */
export type ChunkRef = InlineRef | NativeRef | VirtualRef;
