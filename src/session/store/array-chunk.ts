/** What `arrayChunks` of a store yields. */
import { coordinatesOf } from "../../format/manifest/row-values.ts";
import { loadLayers, type SessionState } from "../state/state.ts";
import { chunkBatches } from "../view/each-chunk.ts";
import { mustGetArray } from "../view/nodes.ts";
import { parseNodePath } from "./prefix.ts";

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

/** Every existing chunk of the array at `path`. */
export async function* eachChunk(
  state: SessionState,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArrayChunk> {
  const layers = await loadLayers(state, signal);
  const array = mustGetArray(layers, parseNodePath(path));
  const { assets } = state.engine;
  for await (const { rows, rowNumbers } of chunkBatches(layers, assets, array, signal)) {
    for (const row of rowNumbers) {
      const ref = rows.ref(row);
      if (ref === undefined) continue;
      const coordinates = coordinatesOf(rows, row);
      yield { coordinates, length: rows.byteLength(row), ...ref };
    }
  }
}
