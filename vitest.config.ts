import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["test/setup.ts"],
    include: ["test/**/*.test.ts"],
    exclude: [
      "test/interop/**",
      "test/browser/**",
      "test/ledger/**",
      "test/shared/**",
      "node_modules/**",
    ],
    pool: "threads",
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ["dot"],
  },
});
