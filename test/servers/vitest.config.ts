import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

// Servers, and the clients that race on them, take the whole machine: one file after the other.
export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    setupFiles: ["test/setup.ts"],
    include: ["test/servers/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
