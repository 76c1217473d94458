/**
 * Installs the official engines into `.cache/`, where only the interop lane uses them: the Python
 * packages into virtual environments, the npm binding into a folder with a shim for older glibc.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { ROOT } from "./prepare.mjs";

const PYTHON_PACKAGES = [
  "icechunk==2.3.0",
  "zarr==3.4.2",
  "xarray==2026.9.0",
  "netCDF4==1.7.5",
  "cftime==1.6.6.1",
];
/** The last engine of spec 1; zarr comes as its dependency, and only writes. */
const OLD_PACKAGES = ["icechunk==1.1.21", "zarr==3.4.2"];
const NPM_PACKAGE = "@earthmover/icechunk@2.2.2";
const PYTHON_MINOR_MIN = 12;
const CACHE = join(ROOT, ".cache");

/** Where each engine is installed. */
export const ENGINES = {
  python: join(CACHE, "oracle"),
  old: join(CACHE, "oracle-old"),
  npm: join(CACHE, "oracle-npm"),
};

/** Installs what is missing; throws with one line if the machine lacks what that needs. */
export function installOracles() {
  installPython(ENGINES.python, PYTHON_PACKAGES);
  installPython(ENGINES.old, OLD_PACKAGES);
  installNpm(ENGINES.npm);
}

function installPython(folder, packages) {
  const stamp = join(folder, "installed");
  const wanted = packages.join(" ");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const python = findPython();
  rmSync(folder, { recursive: true, force: true });
  run(python, ["-m", "venv", folder]);
  const pip = join(folder, "bin", "pip");
  run(pip, ["install", "--quiet", "--disable-pip-version-check", ...packages]);
  writeFileSync(stamp, wanted);
}

function findPython() {
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => pythonsIn(folder));
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const installed = existsSync(pyenv) ? readdirSync(pyenv) : [];
  const ofPyenv = installed.flatMap((version) => pythonsIn(join(pyenv, version, "bin")));
  const found = [...onPath, ...ofPyenv].find(isNewEnough);
  if (found === undefined) {
    throw new Error(`no Python >= 3.${PYTHON_MINOR_MIN} on the path or among pyenv's versions`);
  }
  return found;
}

function pythonsIn(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^python3(\.\d+)?$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

/** Asks the program itself: pyenv's shims are there for versions that are not switched on. */
function isNewEnough(python) {
  const program = "import sys, venv, ensurepip; print(*sys.version_info[:2])";
  const { status, stdout } = spawnSync(python, ["-c", program], { encoding: "utf8" });
  if (status !== 0) return false;
  const [major, minor] = stdout.trim().split(" ").map(Number);
  return major === 3 && minor >= PYTHON_MINOR_MIN;
}

function installNpm(folder) {
  const stamp = join(folder, "installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === NPM_PACKAGE) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", NPM_PACKAGE], folder);
  if (!loads(folder)) {
    const shim = join(folder, "glibc-shim.so");
    const source = join(ROOT, "test", "interop", "glibc-shim.c");
    run("gcc", ["-shared", "-fPIC", "-O1", "-o", shim, source]);
    if (!loads(folder, shim)) throw new Error(`${NPM_PACKAGE} does not load, also with the shim`);
  }
  writeFileSync(stamp, NPM_PACKAGE);
}

function loads(folder, shim) {
  const env = shim === undefined ? process.env : { ...process.env, LD_PRELOAD: shim };
  const program = 'require("@earthmover/icechunk")';
  return spawnSync(process.execPath, ["-e", program], { cwd: folder, env }).status === 0;
}

function run(command, args, cwd = ROOT) {
  process.stderr.write(`${command} ${args.join(" ")}\n`);
  const { status, error } = spawnSync(command, args, { cwd, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? `code ${status}`}`);
}
