import { expect, test } from "vitest";
import { chunkTables } from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { arraysToRewrite, logOf } from "../../../../src/session/commit/content.ts";
import { mustGetState } from "../../../../src/session/state/access.ts";
import type { Layers } from "../../../../src/session/state/layers.ts";
import { layersOf, loadBase } from "../../../../src/session/state/state.ts";
import { DOT, MANIFEST_ID } from "../../format/manifest/ref-model.ts";
import { array, repositoryWithArray } from "../fixture.ts";

test("chunks of an array that is gone belong to nobody, also where there is a new one", async () => {
  const { session } = await repositoryWithArray();
  await session.store.delete("a/zarr.json");
  await session.store.set("a/zarr.json", array([8], [1]));
  const state = mustGetState(session);
  const { base, overlay, own } = layersOf(state, await loadBase(state));
  const oldId = base.node("/a")?.id as string;
  const newId = own.nodes.get("/a")?.node?.id;
  const table = new ChunkTable(1);
  table.setInline([3], Uint8Array.of(1), DOT);
  const layers: Layers = { base, overlay, own: { ...own, chunks: chunkTables([[oldId, table]]) } };

  expect(arraysToRewrite(layers).map(({ id }) => id)).toEqual([newId]);
  expect(logOf(layers, MANIFEST_ID)).toMatchObject({
    newArrays: [newId],
    deletedArrays: [oldId],
    updatedChunks: [],
  });
});
