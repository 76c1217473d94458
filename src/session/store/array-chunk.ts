/** What `arrayChunks` of a store yields. */

/** One chunk as `arrayChunks` yields it: its bytes, or where they are. */
export type ArrayChunk = { readonly coordinates: number[]; readonly length: number } & (
  | {
      readonly type: "inline";
      readonly bytes: Uint8Array;
      readonly id?: undefined;
      readonly location?: undefined;
      readonly offset?: undefined;
    }
  | {
      readonly type: "native";
      /** The object `chunks/<id>`. */
      readonly id: string;
      readonly offset: number;
      readonly bytes?: undefined;
      readonly location?: undefined;
    }
  | {
      readonly type: "virtual";
      readonly location: string;
      readonly offset: number;
      readonly etag?: string | undefined;
      readonly lastModifiedSeconds?: number | undefined;
      readonly bytes?: undefined;
      readonly id?: undefined;
    }
);
