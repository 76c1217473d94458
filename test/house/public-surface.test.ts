/** The public surface: exactly the names we mean to export, each with a docstring. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  namesByEntry,
  type PublicSurface,
  readPublicSurface,
  undocumented,
} from "./public-surface.ts";
import { textOf } from "./source-tree.ts";

let surface: PublicSurface;

beforeAll(() => {
  surface = readPublicSurface();
});

describe("the public surface", () => {
  test("has exactly the recorded names: removing one breaks somebody", () => {
    const recorded: unknown = JSON.parse(textOf("test/house/public-names.json"));

    expect(namesByEntry(surface)).toEqual(recorded);
  });

  test("has a docstring on every export and every public member of a class", () => {
    expect(undocumented(surface)).toEqual([]);
  });
});
