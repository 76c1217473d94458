import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

// The oracles are processes with repositories of their own: one file after the other.
export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    include: ["test/interop/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
