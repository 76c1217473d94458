/**
 * `node scripts/official-repositories.mjs` writes `test/data/official/` anew: small repositories
 * by every official engine, which the tests read where no such engine is. The interop lane writes
 * them into a folder of its own and compares (test/interop/regenerated.test.ts).
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENGINES, installOracles } from "./oracles.mjs";
import { ROOT } from "./prepare.mjs";

const INTEROP = join(ROOT, "test", "interop");

/** Writes all repositories into the empty folder `target`. The engines must be installed. */
export function writeOfficialRepositories(target) {
  const work = mkdtempSync(join(tmpdir(), "icefloe-official-"));
  try {
    for (const [engine, name] of [
      ["python", "python-2.3.0"],
      ["old", "python-1.1.21"],
    ]) {
      const folder = join(work, engine);
      mkdirSync(folder);
      python(engine, "write", folder);
      for (const kind of ["history", "splits"]) {
        cpSync(join(folder, kind), join(target, `${name}-${kind}`), { recursive: true });
      }
    }
    const upgraded = join(work, "upgraded");
    cpSync(join(target, "python-1.1.21-history"), upgraded, { recursive: true });
    python("python", "upgrade", upgraded);
    cpSync(upgraded, join(target, "python-2.3.0-upgraded"), { recursive: true });
    writeWithNpm(join(target, "npm-2.2.2"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function python(engine, command, folder) {
  const program = join(INTEROP, "official_repositories.py");
  run(join(ENGINES[engine], "bin", "python"), [program, command, folder]);
}

/** The npm binding behind its JSON lines: one request after the other, then all answers. */
function writeWithNpm(path) {
  const group = { zarr_format: 3, node_type: "group", attributes: { by: "npm" } };
  const base64 = (bytes) => Buffer.from(bytes).toString("base64");
  const set = (key, bytes) => ({ set: key, bytes: base64(bytes) });
  const json = (key, value) => set(key, Buffer.from(JSON.stringify(value)));
  const bytesOf = (length, first) => Uint8Array.from({ length }, (_, i) => (first + i) % 256);
  const write = (message, steps, more) => ["write", { path, message, steps, ...more }];
  ask([
    ["create", { path, inlineBytes: 12, splitChunks: 2 }],
    write("structure", [json("zarr.json", group), json("a/zarr.json", arrayOf([60], [10]))]),
    write(
      "chunks",
      [0, 1, 2, 5].map((i) => set(`a/c/${i}`, bytesOf(i < 2 ? 10 : 40, i))),
    ),
    write("amended", [{ delete: "a/c/5" }], { how: "amend" }),
    write("flushed", [set("a/c/4", bytesOf(20, 4))], { how: "flush" }),
  ]);
  const [history] = ask([["history", { path }]]);
  const manage = (call, ...args) => ["manage", { path, call, arguments: args }];
  ask([
    manage("createBranch", "side", history[1].id),
    manage("createTag", "v1", history[0].id),
    manage("createTag", "gone", history[1].id),
    manage("deleteTag", "gone"),
    write("aside", [json("g/zarr.json", group)], { branch: "side" }),
  ]);
}

function arrayOf(shape, chunkShape) {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunkShape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
    dimension_names: ["t"],
    attributes: { units: "m" },
  };
}

function ask(requests) {
  const lines = requests.map(([method, params], id) => JSON.stringify({ id, method, params }));
  const shim = join(ENGINES.npm, "glibc-shim.so");
  const env = existsSync(shim) ? { ...process.env, LD_PRELOAD: shim } : process.env;
  const args = [join(INTEROP, "oracle-npm.cjs"), ENGINES.npm];
  const output = run(process.execPath, args, { input: `${lines.join("\n")}\n`, env });
  const answers = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const refused = answers.find(({ error }) => error !== undefined);
  if (refused !== undefined) throw new Error(`the npm binding: ${refused.error.message}`);
  return answers.map(({ result }) => result);
}

/** Runs a program to its end; gives what it wrote on descriptor 3. */
function run(command, args, { input = "", env = process.env } = {}) {
  const stdio = ["pipe", "pipe", "pipe", "pipe"];
  const { status, stderr, output } = spawnSync(command, args, { input, env, stdio });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with code ${status}\n${stderr}`);
  return String(output[3]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installOracles();
  const target = join(ROOT, "test", "data", "official");
  const written = mkdtempSync(join(tmpdir(), "icefloe-official-"));
  writeOfficialRepositories(written);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(target, ".."), { recursive: true });
  cpSync(written, target, { recursive: true });
  rmSync(written, { recursive: true, force: true });
  process.stdout.write(`${target}\n`);
}
