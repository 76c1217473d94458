/** The public surface: exactly the names we mean to export, each with a docstring. */
import { beforeAll, describe, expect, test } from "vitest";
import { PUBLIC_NAMES } from "./public-names.ts";
import {
  entrySources,
  type PublicSurface,
  readPublicSurface,
  undocumented,
} from "./public-surface.ts";

let surface: PublicSurface;

beforeAll(() => {
  surface = readPublicSurface();
});

describe("the public surface", () => {
  test("has exactly the entries that are listed", () => {
    expect([...entrySources().keys()].sort()).toEqual(Object.keys(PUBLIC_NAMES).sort());
  });

  test.each(Object.entries(PUBLIC_NAMES))(
    "of %s has exactly the listed names",
    (entry, expected) => {
      const names = surface.names.get(entry) ?? [];
      const pick = (isValue: boolean) =>
        names.filter((name) => name.isValue === isValue).map(({ name }) => name);

      expect({ values: pick(true).sort(), types: pick(false).sort() }).toEqual({
        values: [...expected.values].sort(),
        types: [...expected.types].sort(),
      });
    },
  );

  test("has a docstring on every export and every public member of a class", () => {
    expect(undocumented(surface)).toEqual([]);
  });
});
