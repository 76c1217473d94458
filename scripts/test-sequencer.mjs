/**
 * The order of test files: folder by folder, so that folders end while the run goes on. Those of
 * real processes and whole histories, which take longest, come first by the alphabet.
 */
import { dirname } from "node:path";

export default class TestSequencer {
  #vitest;

  constructor(vitest) {
    this.#vitest = vitest;
  }

  sort(files) {
    const keyOf = ({ moduleId }) => [dirname(moduleId), moduleId].join("\0");
    return [...files].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  /** `--shard=1/2`: every second file. */
  shard(files) {
    const { index, count } = this.#vitest.config.shard;
    return this.sort(files).filter((_, i) => i % count === index - 1);
  }
}
