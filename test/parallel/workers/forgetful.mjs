/** Workers that forget an `await`, as `task.way` says. */
import { defineWorker } from "icefloe/parallel";
import { writeRegion } from "icefloe/zarr";
import * as zarr from "zarrita";

const WAYS = {
  writeRegion: (fork) => writeRegion(fork.store, "/z", { data: 7 }),
  async zarrita(fork) {
    const array = await zarr.open(zarr.root(fork.store).resolve("z"), { kind: "array" });
    await zarr.set(array, null, { data: new Int32Array(400).fill(7), shape: [400], stride: [1] });
  },
  /** Rejects, and nobody looks at it. */
  refused: (fork) => fork.store.set("nowhere/c/0", Uint8Array.of(1)),
};

export default defineWorker(async ({ fork, task }) => {
  void WAYS[task.way](fork);
});
