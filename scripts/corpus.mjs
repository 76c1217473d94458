/**
 * The lane `corpus`: NetCDF files from the wild, each copied by icefloe and judged by xarray.
 * `--write` takes what is found as what is expected (`test/corpus/outcomes.json`) and prints the
 * table of `docs/xarray.md`.
 */
import { readFileSync } from "node:fs";
import { checkRequirements } from "./check-node.mjs";
import { CORPUS, corpusFiles, fetchCorpus } from "./corpus-files.mjs";
import { checkTests, finish } from "./lane.mjs";
import { installOracles } from "./oracles.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
prepare();
installOracles();
fetchCorpus();
const args = process.argv.slice(2);
const env = {
  ICEFLOE_CORPUS: CORPUS,
  ICEFLOE_CORPUS_FILES: JSON.stringify(corpusFiles()),
  ICEFLOE_CORPUS_WRITE: args.includes("--write") ? "yes" : "no",
};
const rest = args.filter((arg) => arg !== "--write");
const config = ["--config", "test/corpus/vitest.config.ts"];
const result = checkTests("corpus", [...config, ...rest], { env });
process.stdout.write(`\n${readFileSync(`${ROOT}/.cache/corpus/tables.md`, "utf8")}`);
finish([result]);
