import { describe, expect, it } from "vitest";
import type {
  ManifestConfig,
  ManifestSplitCondition,
} from "../../../../src/format/config/manifest.ts";
import { DEFAULT_MANIFEST_CONFIG } from "../../../../src/format/config/manifest.ts";
import { checkManifestPatterns } from "../../../../src/format/config/patterns.ts";
import { memoryStorage, Repository } from "../../../../src/index.ts";

const split = (condition: ManifestSplitCondition, name = "x"): ManifestConfig => ({
  splitting: {
    split_sizes: [[condition, [{ condition: { DimensionName: name }, num_chunks: 1 }]]],
  },
});

describe("checkManifestPatterns", () => {
  it("takes what holds where nothing is configured, and nothing", () => {
    checkManifestPatterns(DEFAULT_MANIFEST_CONFIG);
    checkManifestPatterns({ preload: null, splitting: { split_sizes: null } });
    checkManifestPatterns(split("any_array", "^time$"));
  });

  it.each([
    [
      "manifest.splitting.split_sizes[0][0].or[1].name_matches.regex",
      split({ or: ["any_array", { name_matches: { regex: "a(" } }] }),
      '"a("',
    ],
    [
      "manifest.splitting.split_sizes[0][1][0].condition.DimensionName",
      split("any_array", "(?=t)"),
      '"(?=t)"',
    ],
    [
      "manifest.preload.preload_if.path_matches.regex",
      { preload: { preload_if: { path_matches: { regex: "[z-a]" } } } },
      '"[z-a]"',
    ],
  ])("refuses a broken pattern by name: %s", (key, config, found) => {
    expect(() => checkManifestPatterns(config)).toThrow(
      expect.objectContaining({
        kind: "invalid-config",
        message: `configuration key ${key}: expected a pattern in the syntax of Rust's regex crate, got ${found}`,
      }),
    );
  });
});

it("whoever creates, opens or reopens a repository is told of a broken pattern", async () => {
  const storage = memoryStorage();
  const config = { manifest: split({ path_matches: { regex: "*" } }) };
  const refused = { kind: "invalid-config", message: expect.stringContaining('got "*"') };

  await expect(Repository.create(storage, { config })).rejects.toMatchObject(refused);
  const repository = await Repository.create(storage);
  await expect(Repository.open(storage, { config })).rejects.toMatchObject(refused);
  await expect(repository.reopen({ config })).rejects.toMatchObject(refused);
});
