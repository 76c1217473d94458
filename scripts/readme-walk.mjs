/**
 * Follows the README word for word in an empty folder: clones the repository there, runs every
 * command of its `sh` blocks in order, then every `js` and `ts` block as a program of its own.
 * With `--blocks-only` it runs the programs in this clone and no commands.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRequirements } from "./check-node.mjs";
import { finish } from "./lane.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
const blocksOnly = process.argv.includes("--blocks-only");
const documents = ["README.md", "docs/errors.md"];
const folder = mkdtempSync(join(tmpdir(), "icefloe-readme-"));
const results = [];
let clone = ROOT;

function run(name, command, args, cwd) {
  process.stdout.write(`\n# ${name}\n`);
  const env = { ...process.env, npm_config_loglevel: "error" };
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit", env });
  process.stdout.write(status === 0 ? "ok\n" : `FAILED with code ${status}\n`);
  results.push(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}

/** Fenced blocks of some languages, in order. */
function blocksOf(document, ...languages) {
  const text = readFileSync(join(clone, document), "utf8");
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language))
    .map(([, , body]) => body);
}

if (blocksOnly) prepare();
else {
  clone = join(folder, "icefloe");
  run("git clone", "git", ["clone", "--quiet", ROOT, clone], folder);
  for (const block of blocksOf("README.md", "sh"))
    run(block.trim(), "bash", ["-euc", block], clone);
}
// Programs lie in a folder of their own inside the clone, where `icefloe` means the package.
const programs = join(clone, ".cache", "readme");
rmSync(programs, { recursive: true, force: true });
mkdirSync(programs, { recursive: true });
for (const document of documents) {
  for (const [i, block] of blocksOf(document, "js", "ts").entries()) {
    const file = join(programs, `${document.replaceAll(/\W/g, "-")}-${i}.mjs`);
    writeFileSync(file, block);
    run(`${document}, block ${i + 1}`, process.execPath, [file], programs);
  }
}
rmSync(folder, { recursive: true, force: true });
finish(results);
