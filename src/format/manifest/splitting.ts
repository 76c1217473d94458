/**
 * Into how many manifests an array is split. A choice of the writer: readers look at the extents
 * of what was written. Spec: docs/semantics.md "Splitting".
 */
import type { ResolvedConfig } from "../config/config.ts";
import {
  type ManifestSplitCondition,
  type ManifestSplitDimensionCondition,
  UNSPLIT,
} from "../config/manifest.ts";
import { compileRustRegex } from "../config/regex/search.ts";
import { pathName, ROOT_PATH } from "../node-path.ts";

/**
 * Chunks that one manifest of the array at `path` spans along each of its `rank` dimensions;
 * `UNSPLIT` where no rule says otherwise. Rules are asked in order; of each that is for the
 * array, a dimension without a size yet takes the first size that is for it. A pattern that is
 * not valid matches nothing, as in official clients.
 */
export function splitSizes(
  config: ResolvedConfig,
  path: string,
  dimensionNames: readonly (string | null)[] | undefined,
  rank: number,
): number[] {
  const { splitting } = config.manifest;
  const matches = matcherOf(splitting);
  const sizes = new Array<number | undefined>(rank).fill(undefined);
  for (const [condition, dimensions] of splitting.split_sizes) {
    if (!sizes.includes(undefined)) break;
    if (!matchesArray(condition, path, matches)) continue;
    for (let axis = 0; axis < rank; axis++) {
      if (sizes[axis] !== undefined) continue;
      const name = dimensionNames?.[axis] ?? null;
      const size = dimensions.find((one) =>
        matchesDimension(one.condition, { axis, name }, matches),
      );
      // Others may have persisted 0, on which their own commits fail.
      if (size !== undefined) sizes[axis] = size.num_chunks === 0 ? UNSPLIT : size.num_chunks;
    }
  }
  return sizes.map((size) => size ?? UNSPLIT);
}

/** Whether `pattern` is found in `text`. */
type Matcher = (pattern: string, text: string) => boolean;

/** A commit asks for every array that it writes: patterns are compiled once per configuration. */
const matchers = new WeakMap<object, Matcher>();

function matcherOf(splitting: object): Matcher {
  const known = matchers.get(splitting);
  if (known !== undefined) return known;
  const compiled = new Map<string, ReturnType<typeof compileRustRegex>>();
  const matcher: Matcher = (pattern, text) => {
    if (!compiled.has(pattern)) compiled.set(pattern, compileRustRegex(pattern));
    return compiled.get(pattern)?.(text) ?? false;
  };
  matchers.set(splitting, matcher);
  return matcher;
}

function matchesArray(condition: ManifestSplitCondition, path: string, matches: Matcher): boolean {
  if (typeof condition === "string" || "any_array" in condition) return true;
  if ("or" in condition) return condition.or.some((one) => matchesArray(one, path, matches));
  if ("and" in condition) return condition.and.every((one) => matchesArray(one, path, matches));
  if ("path_matches" in condition) return matches(condition.path_matches.regex, path);
  return path !== ROOT_PATH && matches(condition.name_matches.regex, pathName(path));
}

function matchesDimension(
  condition: ManifestSplitDimensionCondition,
  { axis, name }: { readonly axis: number; readonly name: string | null },
  matches: Matcher,
): boolean {
  if (typeof condition === "string" || "Any" in condition) return true;
  if ("Axis" in condition) return condition.Axis === axis;
  return name !== null && matches(condition.DimensionName, name);
}
