/**
 * The package as it would be published: what the tarball holds, and whether a project that
 * installs it can import and type-check every entry.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRequirements } from "./check-node.mjs";
import { finish } from "./lane.mjs";
import { prepare, ROOT } from "./prepare.mjs";

const ALLOWED =
  /^(dist\/.+\.(js|js\.map|d\.ts)|docs\/.+\.(md|svg)|examples\/.+\.ts|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/;
const REQUIRED = ["README.md", "CHANGELOG.md", "LICENSE", "package.json", "dist/index.js"];
const PUBLINT = "publint@0.3.25";

checkRequirements();
prepare();
const folder = mkdtempSync(join(tmpdir(), "icefloe-pack-"));
const results = [];

function check(name, work) {
  try {
    work();
    results.push({ passed: 1, failed: 0 });
    process.stdout.write(`ok: ${name}\n`);
  } catch (error) {
    results.push({ passed: 0, failed: 1 });
    process.stdout.write(`FAILED: ${name}: ${error.stderr || error.stdout || error.message}\n`);
  }
}

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], ROOT));
const files = packed.files.map(({ path }) => path);
process.stdout.write(`${packed.filename}: ${files.length} files, ${packed.size} bytes\n`);

check("the tarball holds what users need and nothing else", () => {
  const strangers = files.filter((path) => !ALLOWED.test(path));
  const missing = REQUIRED.filter((path) => !files.includes(path));
  if (strangers.length + missing.length > 0) {
    throw new Error(`not wanted: ${strangers.join(", ")}; missing: ${missing.join(", ")}`);
  }
});

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const specifiers = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target !== "string")
  .map(([entry]) => entry.replace(".", manifest.name));
const imports = specifiers.map((name, i) => `import * as entry${i} from "${name}";`).join("\n");
const uses = specifiers.map((_, i) => `entry${i}`).join(", ");
const consumer = join(folder, "consumer");

check("it installs into an empty project, with its dependencies alone", () => {
  run("mkdir", ["consumer"], folder);
  writeFileSync(join(consumer, "package.json"), '{ "private": true, "type": "module" }\n');
  run("npm", ["install", "--no-audit", "--no-fund", join("..", packed.filename)], consumer);
});

check("every entry can be imported", () => {
  writeFileSync(
    join(consumer, "main.mjs"),
    `${imports}\nfor (const entry of [${uses}]) if (Object.keys(entry).length === 0) throw new Error("empty");\n`,
  );
  run(process.execPath, ["main.mjs"], consumer);
});

check("every entry type-checks in a strict project that checks libraries too", () => {
  writeFileSync(join(consumer, "main.ts"), `${imports}\nexport const entries = [${uses}];\n`);
  const options = {
    strict: true,
    noEmit: true,
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    types: [],
  };
  writeFileSync(
    join(consumer, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, files: ["main.ts"] }),
  );
  run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."], consumer);
});

check("publint finds nothing to complain about", () => {
  const args = ["--yes", PUBLINT, "--strict", join(consumer, "node_modules", manifest.name)];
  const { status, stdout, stderr } = spawnSync("npx", args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
});

rmSync(folder, { recursive: true, force: true });
finish(results);
