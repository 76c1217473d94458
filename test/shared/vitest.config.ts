import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

// What lies beside the project: its own tests, and tests that read other data elsewhere.
export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    include: [
      "test/shared/*.test.ts",
      "test/unit/format/official-repositories.test.ts",
      "test/unit/format/manifest/official.test.ts",
      "test/fuzz/fuzz.test.ts",
      "test/examples/examples.test.ts",
      "test/interop/official-repositories.test.ts",
      "test/interop/page.test.ts",
      "test/interop/xarray-files.test.ts",
    ],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
