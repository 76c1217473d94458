/**
 * A short campaign, every flip of small files, and what failed once. `npm run fuzz` runs as many
 * inputs as it is told.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { runsOf } from "../runs.ts";
import { flip } from "./byte-edits.ts";
import { fromBase64, runCampaign } from "./campaign.ts";
import { type Corpus, loadCorpus } from "./corpus.ts";
import { type Inputs, prepareInputs, readInput } from "./inputs.ts";
import { REGRESSIONS } from "./regressions.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const RUNS = runsOf("FUZZ_RUNS", 2000, 4000);
const HEADER_BYTES = 39;

let corpus: Corpus;
let inputs: Inputs;
beforeAll(async () => {
  corpus = await loadCorpus();
  inputs = await prepareInputs(corpus);
});

describe("damaged files and fork bytes", () => {
  test("are refused with a typed error or read as valid content", async () => {
    const report = await runCampaign(inputs, { seed: SEED, start: 0, runs: RUNS });

    const failures = report.failures.map(({ index, target, message }) => ({
      index,
      target,
      message,
    }));
    expect(failures).toEqual([]);
    expect(Math.min(report.verdicts.refused, report.verdicts.read)).toBeGreaterThan(RUNS / 20);
  });

  test.each(Object.entries(REGRESSIONS))("of the past stay mended: %s", async (_, input) => {
    await readInput({ target: input.target, bytes: fromBase64(input.base64) }, corpus);
  });

  test("with one bit flipped are refused, or their content is untouched", async () => {
    const counts = { refused: 0, intact: 0 };
    const types = ["repo-info", "snapshot", "manifest", "transaction-log"] as const;
    for (const type of types) {
      const ofType = corpus.files.filter((seed) => seed.type === type && seed.writer === "icefloe");
      const { file } = ofType.reduce((a, b) => (a.file.length <= b.file.length ? a : b));
      for (let bit = 8 * HEADER_BYTES; bit < 8 * file.length; bit++) {
        const bytes = flip(file, bit);
        const verdict = await readInput(
          { target: "flipped-file", bytes, original: file, type },
          corpus,
        );
        counts[verdict as keyof typeof counts]++;
      }
    }

    // A frame has bits that say the same either way; no more than a few.
    expect(counts.intact).toBeLessThan(counts.refused / 50);
  });

  test("of forks with one bit flipped are always refused", async () => {
    for (const original of corpus.forks.slice(0, 2)) {
      for (let bit = 0; bit < 8 * original.length; bit++) {
        const bytes = flip(original, bit);
        expect(await readInput({ target: "flipped-fork", bytes, original }, corpus)).toBe(
          "refused",
        );
      }
    }
  });

  test("are the same for the same seed and number", () => {
    for (const index of [0, 17, 4711]) {
      const again = inputs.make(SEED, index);

      expect(again).toEqual(inputs.make(SEED, index));
      expect(again).not.toEqual(inputs.make(SEED + 1, index));
    }
  });
});
