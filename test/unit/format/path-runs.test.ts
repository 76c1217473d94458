/** Subtrees of sorted lists: the same as a filter over all of it finds, without looking at the rest. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8 } from "../../../src/base/bytes.ts";
import { childEntries, entriesBelow } from "../../../src/format/path-runs.ts";

interface Entry {
  readonly path: string;
}

/** The sorted list of `paths`, and how many of its entries have been given out. */
function sortedList(paths: Iterable<string>) {
  const entries: Entry[] = [...new Set(paths)].sort(compareUtf8).map((path) => ({ path }));
  const list = {
    given: 0,
    *from(path: string): Iterable<Entry> {
      for (const entry of entries) {
        if (compareUtf8(entry.path, path) < 0) continue;
        list.given++;
        yield entry;
      }
    },
  };
  return list;
}

const pathsOf = (entries: Iterable<Entry>): string[] => [...entries].map(({ path }) => path);

// Neighbours of the slash in the order of bytes, and what UTF-16 sorts elsewhere than UTF-8.
const segment = fc.constantFrom(
  "a",
  "b",
  "a-b",
  "a.b",
  "a0",
  "0",
  "-",
  "\0",
  "a\0",
  "\uffff",
  "😀",
);
const anyPath = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);

test("they hold what lies below a path, and right below it", () => {
  fc.assert(
    fc.property(fc.array(anyPath, { maxLength: 40 }), anyPath, (paths, top) => {
      const list = sortedList(paths);
      const prefix = top === "/" ? "/" : `${top}/`;
      const below = [...new Set(paths)]
        .filter((path) => path !== top && path.startsWith(prefix))
        .sort(compareUtf8);

      expect(pathsOf(entriesBelow(top, list.from))).toEqual(below);
      expect(pathsOf(childEntries(top, list.from))).toEqual(
        below.filter((path) => !path.slice(prefix.length).includes("/")),
      );
    }),
    { numRuns: 500 },
  );
});

test("children are found without looking at what is below them, or beside", () => {
  const paths = ["/", "/g", "/z"];
  for (let child = 0; child < 10; child++) {
    paths.push(`/g/${child}`, `/z/${child}`);
    for (let at = 0; at < 100; at++) paths.push(`/g/${child}/${at}`);
  }
  const list = sortedList(paths);

  expect(pathsOf(childEntries("/g", list.from))).toHaveLength(10);
  expect(list.given).toBeLessThanOrEqual(2 * 10 + 1); // Each child, and a step over its subtree.
});
