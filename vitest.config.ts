import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import TestSequencer from "./scripts/test-sequencer.mjs";

export default defineConfig({
  test: {
    setupFiles: ["test/setup.ts"],
    include: ["test/**/*.test.ts"],
    exclude: [
      "test/interop/**",
      "test/browser/**",
      "test/ledger/**",
      "test/servers/**",
      "test/shared/**",
      "test/corpus/**",
      "node_modules/**",
    ],
    pool: "threads",
    // Files share the sources that a thread has loaded: no test changes what another can see.
    isolate: false,
    maxWorkers: availableParallelism(),
    sequence: { sequencer: TestSequencer },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ["./scripts/test-reporter.mjs"],
  },
});
