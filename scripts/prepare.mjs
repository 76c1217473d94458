/**
 * Brings a clone up to date, quietly: installs the locked packages if they are not there, and
 * compiles `src/` to `dist/` if it changed. Does nothing, in milliseconds, otherwise.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STAMP = join(ROOT, ".cache", "build-stamp");

/** Installs and builds what is missing or stale. Ends the process with one line if that fails. */
export function prepare() {
  if (!isInstalled()) {
    step("installing the locked packages", "npm", ["ci", "--include=dev", "--loglevel=error"]);
  }
  build();
}

/** Whether node_modules holds every package that the lock file asks for. */
function isInstalled() {
  const installed = packagesIn(join(ROOT, "node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  const wanted = packagesIn(join(ROOT, "package-lock.json")) || {};
  return Object.keys(wanted).every((name) => {
    if (name === "" || wanted[name].optional || wanted[name].peer || wanted[name].devOptional)
      return true;
    return installed[name] !== undefined && installed[name].version === wanted[name].version;
  });
}

function packagesIn(file) {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

function build() {
  const digest = digestOfSources();
  const dist = join(ROOT, "dist");
  if (existsSync(join(dist, "index.js")) && existsSync(STAMP)) {
    if (readFileSync(STAMP, "utf8") === digest) return;
  }
  rmSync(STAMP, { force: true });
  rmSync(dist, { recursive: true, force: true });
  const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  step("building dist/", process.execPath, [compiler, "-p", "tsconfig.build.json"]);
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  writeFileSync(STAMP, digest);
}

function digestOfSources() {
  const hash = createHash("sha256");
  const files = ["tsconfig.json", "tsconfig.build.json", "package-lock.json", ...filesUnder("src")];
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex");
}

function filesUnder(folder) {
  return readdirSync(join(ROOT, folder))
    .sort()
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      return statSync(join(ROOT, path)).isDirectory() ? filesUnder(path) : [path];
    });
}

/** Runs one command with its output on stderr; ends the process with one line if it fails. */
function step(what, command, args) {
  process.stderr.write(`${what} ...\n`);
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    // What a lane prints on stdout is its result: nothing else may land there.
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32" && command === "npm",
  });
  if (status === 0) return;
  const reason = error ? error.message : `exit code ${status}`;
  process.stderr.write(`${what} failed (${reason}); see the lines above\n`);
  process.exit(1);
}
