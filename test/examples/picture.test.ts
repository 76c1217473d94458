import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type ChunkPicture, drawChunks, numberWriters } from "../../examples/picture.ts";

/** What a picture says it shows. */
function shownBy(svg: string): ChunkPicture {
  const [, json] = /<desc>(.*)<\/desc>/.exec(svg) ?? [];
  return JSON.parse(json?.replaceAll("&lt;", "<").replaceAll("&amp;", "&") ?? "null");
}

test("the picture in the documents is what examples/processes.ts draws of its chunks", async () => {
  const svg = await readFile("docs/chunks.svg", "utf8");
  const shown = shownBy(svg);

  expect(drawChunks(shown)).toBe(svg);
  expect(shown.chunksPerDimension).toEqual([7, 12]);
  expect(shown.writers).toHaveLength(7 * 12);
  expect([...new Set(shown.writers)].sort()).toEqual([1, 2, 3, 4]);
});

test("a picture has a square per chunk and one per process, and says what it shows", () => {
  const picture = { name: "a<b & c", chunksPerDimension: [2, 1, 3], writers: [1, 1, 2, 3, 1, 2] };
  const svg = drawChunks(picture);

  expect(svg.match(/<rect /g)).toHaveLength(6 + 3);
  expect(svg).toContain("<title>a&lt;b &amp; c: 6 chunks, 3 processes, one commit</title>");
  expect(shownBy(svg)).toEqual(picture);
  const rows = [...svg.matchAll(/<rect x="(\d+)" y="(\d+)"/g)].slice(0, 6).map(([, , y]) => y);
  expect(rows).toEqual(["32", "32", "32", "57", "57", "57"]);
});

test("processes are numbered as they come", () => {
  expect(numberWriters([900, 12, 900, 7])).toEqual([1, 2, 1, 3]);
});
