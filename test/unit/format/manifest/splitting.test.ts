import { describe, expect, it } from "vitest";
import type { ResolvedConfig } from "../../../../src/format/config/config.ts";
import type { ManifestSplitCondition } from "../../../../src/format/config/manifest.ts";
import { checkConfig, resolveConfig } from "../../../../src/format/config/resolve.ts";
import { splitSizes } from "../../../../src/format/manifest/splitting.ts";

type SplitRule = ResolvedConfig["manifest"]["splitting"]["split_sizes"][number];
type SplitDimension = SplitRule[1][number];

const UNSPLIT = 4294967295;
const NAMES = ["time", "lat", "lon"];

function sizes(
  rules: readonly SplitRule[],
  path = "/ocean/temperature",
  names: readonly (string | null)[] | undefined = NAMES,
): number[] {
  const config = checkConfig({ manifest: { splitting: { split_sizes: rules } } });
  return splitSizes(resolveConfig(config), path, names, 3);
}

const any = (size: number): SplitDimension => ({ condition: "Any", num_chunks: size });
const axis = (index: number, size: number): SplitDimension => ({
  condition: { Axis: index },
  num_chunks: size,
});
const named = (pattern: string, size: number): SplitDimension => ({
  condition: { DimensionName: pattern },
  num_chunks: size,
});
/** Whether a rule with `condition` is for the array at `path`. */
const isFor = (condition: ManifestSplitCondition, path?: string): boolean =>
  sizes([[condition, [any(7)]]], path)[0] === 7;

describe("splitSizes", () => {
  it("splits nothing by default", () => {
    expect(splitSizes(resolveConfig(), "/a", undefined, 2)).toEqual([UNSPLIT, UNSPLIT]);
    expect(splitSizes(resolveConfig(), "/a", undefined, 0)).toEqual([]);
    expect(sizes([])).toEqual([UNSPLIT, UNSPLIT, UNSPLIT]);
  });

  it("sizes dimensions by axis, by name and all", () => {
    expect(sizes([["any_array", [axis(1, 5)]]])).toEqual([UNSPLIT, 5, UNSPLIT]);
    expect(sizes([["any_array", [named("^l", 5)]]])).toEqual([UNSPLIT, 5, 5]);
    expect(sizes([["any_array", [any(5)]]])).toEqual([5, 5, 5]);
  });

  it("gives a dimension the first size of a rule that is for it", () => {
    expect(sizes([["any_array", [axis(0, 1), named("lon", 2), any(3)]]])).toEqual([1, 3, 2]);
    expect(sizes([["any_array", [any(3), axis(0, 1)]]])).toEqual([3, 3, 3]);
  });

  it("gathers sizes over all rules that are for the array, earlier ones first", () => {
    const rules: SplitRule[] = [
      [{ name_matches: { regex: "salinity" } }, [any(1)]],
      [{ name_matches: { regex: "temp" } }, [named("time", 2)]],
      [{ path_matches: { regex: "ocean" } }, [named("time|lat", 3)]],
      ["any_array", [any(4)]],
    ];

    expect(sizes(rules)).toEqual([2, 3, 4]);
    expect(sizes(rules, "/ocean/salinity")).toEqual([1, 1, 1]);
    expect(sizes(rules, "/land/height")).toEqual([4, 4, 4]);
  });

  it("knows no names where an array has none", () => {
    const rules: SplitRule[] = [["any_array", [named(".*", 2)]]];

    expect(sizes(rules, "/a", [null, "", "x"])).toEqual([UNSPLIT, 2, 2]);
    expect(sizes(rules, "/a", [])).toEqual([UNSPLIT, UNSPLIT, UNSPLIT]);
  });

  it("searches the whole path, and the last name", () => {
    expect(isFor({ path_matches: { regex: "^/ocean/t" } })).toBe(true);
    expect(isFor({ path_matches: { regex: "^ocean" } })).toBe(false);
    expect(isFor({ name_matches: { regex: "^temp" } })).toBe(true);
    expect(isFor({ name_matches: { regex: "ocean" } })).toBe(false);
  });

  it("finds no name at the root", () => {
    expect(isFor({ name_matches: { regex: ".*" } }, "/")).toBe(false);
    expect(isFor({ path_matches: { regex: ".*" } }, "/")).toBe(true);
  });

  it("combines conditions", () => {
    const yes = { path_matches: { regex: "ocean" } };
    const no = { path_matches: { regex: "land" } };

    expect(isFor({ or: [no, yes] })).toBe(true);
    expect(isFor({ or: [no, no] })).toBe(false);
    expect(isFor({ or: [] })).toBe(false);
    expect(isFor({ and: [yes, { or: [yes] }] })).toBe(true);
    expect(isFor({ and: [yes, no] })).toBe(false);
    expect(isFor({ and: [] })).toBe(true);
  });

  it("takes an invalid pattern as one that matches nothing", () => {
    expect(isFor({ path_matches: { regex: "(" } })).toBe(false);
    expect(sizes([["any_array", [named("(", 1), axis(0, 2)]]])).toEqual([2, UNSPLIT, UNSPLIT]);
  });

  it("takes a size of 0, which others may have persisted, as: never split", () => {
    const config = resolveConfig({
      manifest: { splitting: { split_sizes: [["any_array", [any(0)]]] } },
    });

    expect(splitSizes(config, "/a", undefined, 1)).toEqual([UNSPLIT]);
  });
});
