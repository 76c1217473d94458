/** Which manifest answers: the first that contains the chunk, found without a walk over all. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { boxContains } from "../../../../src/base/coordinates.ts";
import type { Extent } from "../../../../src/base/extent.ts";
import type { ManifestRef } from "../../../../src/format/snapshot/array-data.ts";
import { manifestOf } from "../../../../src/session/view/manifest-of.ts";

const extent = fc
  .tuple(fc.nat(12), fc.integer({ min: 1, max: 4 }))
  .map(([start, length]): Extent => ({ start, end: start + length }));
const box = fc.array(extent, { minLength: 1, maxLength: 2 });

test("it is the first of the list whose extents contain the chunk, however they overlap", () => {
  fc.assert(
    fc.property(
      fc.array(box, { maxLength: 40 }),
      fc.array(fc.tuple(fc.nat(17), fc.nat(17)), { minLength: 20, maxLength: 20 }),
      (boxes, chunks) => {
        const manifests = boxes.map((extents, at): ManifestRef => ({ id: `${at}`, extents }));
        for (const chunk of chunks) {
          const first = manifests.find(({ extents }) => boxContains(extents, chunk));
          expect(manifestOf(manifests, chunk)).toBe(first);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("of manifests that split a grid it looks at one", () => {
  let looked = 0;
  const manifests: ManifestRef[] = [];
  for (let at = 0; at < 4096; at++) {
    const [row, column] = [at >>> 6, at & 63];
    const extents = [
      { start: row * 10, end: row * 10 + 9 }, // Not all of its cell has chunks.
      { start: column, end: column + 1 },
    ];
    const id = `${at}`;
    manifests.push({
      id,
      get extents() {
        looked++;
        return extents;
      },
    });
  }
  manifestOf(manifests, [0, 0]);
  looked = 0;

  expect(manifestOf(manifests, [325, 17])?.id).toBe(`${32 * 64 + 17}`);
  expect(looked).toBe(1);
});
