import { expect, test } from "vitest";
import * as zarr from "zarrita";
import { bloscCodec } from "../../../../src/zarr/codecs/blosc.ts";
import { createArray, writeRegion } from "../../../../src/zarr/index.ts";
import { PlainStore } from "../plain-store.ts";

test("an array with blosc is read by zarrita", async () => {
  const store = new PlainStore();
  await createArray(store, "/a", { shape: [99], dtype: "int32", codecs: [{ name: "blosc" }] });
  const data = Int32Array.from({ length: 99 }, (_, i) => i * i);

  await writeRegion(store, "/a", { data });

  const array = await zarr.open.v3(zarr.root(store).resolve("/a"), { kind: "array" });
  expect((await zarr.get(array)).data).toEqual(data);
});

test("what is no blosc, or unpacks to more than a chunk, is damage of the chunk", async () => {
  const codec = bloscCodec(new Map(), "/a");
  const whole = await codec.encode(new Uint8Array(1000).fill(7));
  const wrong = whole.slice();
  wrong.set([255, 255, 255, 255], 0);

  for (const bytes of [Uint8Array.of(1, 2, 3), whole.slice(0, -1), wrong]) {
    await expect(codec.decode(bytes, 1000, "a/c/0")).rejects.toMatchObject({
      kind: "deserialization",
      details: { chunk: "a/c/0" },
    });
  }
  await expect(codec.decode(whole, 999, "a/c/0")).rejects.toThrow("more than 999 bytes");
});

test("a configuration that blosc has not is refused", () => {
  expect(() => bloscCodec(new Map([["cname", "lzma"]]), "/a")).toThrow(/\/a: codec blosc/);
});
