/**
 * NetCDF files from the wild, for the lane `corpus`: what packages of PyPI and Debian ship, fetched
 * into `.cache/corpus` by name and version, and what `ncgen` makes of the CDL texts among it.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { ENGINES } from "./oracles.mjs";
import { ROOT } from "./prepare.mjs";

/** Packages of PyPI that ship files in their wheel or source distribution. */
const PYTHON_PACKAGES = [
  "arm_pyart==2.3.0",
  "cf-python==3.21.0",
  "cfdm==1.13.3.0",
  "compliance-checker==6.1.0",
  "iris-sample-data==2.5.2",
  "scipy==1.18.1",
  "xarray==2026.9.0",
];
/** Those whose files are in the source distribution alone. */
const PYTHON_SOURCES = ["netCDF4==1.7.5"];
const DEBIAN_PACKAGES = ["ferret-datasets", "libncarg-data"];
const DEBIAN_SOURCES = ["netcdf", "nco"];
/** ncgen makes files; netCDF4's source distribution asks for the library when it is fetched. */
const TOOLS = ["netcdf-bin", "libnetcdf-dev", "dpkg-dev"];

const FOLDER = join(ROOT, ".cache", "corpus");
const SUFFIXES = [".nc", ".nc3", ".nc4", ".cdf", ".h5"];
/** What one CDL text becomes: `ncgen -k`, and the end of the file's name. */
const KINDS = [
  ["classic", ".classic.nc"],
  ["64-bit offset", ".offset64.nc"],
  ["cdf5", ".cdf5.nc"],
  ["netCDF-4", ".netcdf4.nc"],
];
/** Some texts describe files of gigabytes. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
/** And some describe gigabytes of values that are never written. */
const TOO_LARGE = /(big[fr]\d|gcm_T85|stl_5km)\.cdl$/;

/** Where the files are, each below the name of its package. */
export const CORPUS = join(FOLDER, "files");

/** Fetches what is missing; throws with one line if that fails. */
export function fetchCorpus() {
  const stamp = join(FOLDER, "fetched");
  const wanted = [
    [PYTHON_PACKAGES, PYTHON_SOURCES, DEBIAN_PACKAGES, DEBIAN_SOURCES],
    [SUFFIXES, KINDS, FILE_BYTES_MAX, TOO_LARGE],
  ]
    .map((group) => group.map(String).join())
    .join();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(FOLDER, { recursive: true, force: true });
  installTools();
  for (const name of PYTHON_PACKAGES) fetchFromPypi(name, []);
  for (const name of PYTHON_SOURCES) fetchFromPypi(name, ["--no-binary", name.split("==")[0]]);
  for (const name of DEBIAN_PACKAGES) fetchFromDebian(name);
  fetchDebianSources();
  makeFilesOfTexts();
  writeFileSync(stamp, wanted);
}

function installTools() {
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo"];
  run([...asRoot, "apt-get", "update", "-qq"], ROOT);
  const install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...TOOLS];
  run([...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", ...install], ROOT);
}

function fetchFromPypi(requirement, options) {
  const name = requirement.split("==")[0];
  const download = emptyFolder("download");
  const pip = [join(ENGINES.python, "bin", "pip"), "download", "--quiet", "--no-deps"];
  run([...pip, "--disable-pip-version-check", ...options, "-d", download, requirement], FOLDER);
  const unpacked = emptyFolder("unpacked");
  for (const file of readdirSync(download)) {
    const archive = join(download, file);
    if (file.endsWith(".whl")) {
      run([join(ENGINES.python, "bin", "python"), "-m", "zipfile", "-e", archive, "."], unpacked);
    } else run(["tar", "--strip-components=1", "-xf", archive], unpacked);
  }
  keepFiles(unpacked, name);
}

function fetchFromDebian(name) {
  const download = emptyFolder("download");
  run(["apt-get", "download", "-qq", name], download);
  const unpacked = emptyFolder("unpacked");
  for (const file of readdirSync(download))
    run(["dpkg", "-x", join(download, file), "."], unpacked);
  keepFiles(unpacked, name);
}

/** Debian's sources come from where its packages come from, with lists of their own. */
function fetchDebianSources() {
  const parts = emptyFolder("apt/parts");
  mkdirSync(emptyFolder("apt/lists/partial"), { recursive: true });
  for (const [file, text] of aptSources()) writeFileSync(join(parts, file), text);
  const options = [
    `Dir::Etc::sourceparts=${parts}`,
    "Dir::Etc::sourcelist=/dev/null",
    `Dir::State::Lists=${join(FOLDER, "apt", "lists")}`,
  ].flatMap((option) => ["-o", option]);
  run(["apt-get", ...options, "update", "-qq"], FOLDER);
  for (const name of DEBIAN_SOURCES) {
    const download = emptyFolder("download");
    run(["apt-get", ...options, "source", "-qq", "--download-only", name], download);
    const unpacked = emptyFolder("unpacked");
    const archive = readdirSync(download).find((file) => /\.orig\.tar\./.test(file));
    run(["tar", "--strip-components=1", "-xf", join(download, archive)], unpacked);
    keepFiles(unpacked, name);
  }
}

/** The machine's own sources of packages, of sources instead of programs. */
function aptSources() {
  const texts = [["main.list", "/etc/apt/sources.list"]]
    .concat(
      readdirSync("/etc/apt/sources.list.d").map((file) => [
        file,
        `/etc/apt/sources.list.d/${file}`,
      ]),
    )
    .filter(([file, path]) => /\.(list|sources)$/.test(file) && existsSync(path));
  return texts.map(([file, path]) => [
    file,
    readFileSync(path, "utf8")
      .replace(/^Types: .*$/gm, "Types: deb-src")
      .replace(/^deb /gm, "deb-src "),
  ]);
}

/** Keeps what is a NetCDF file, or the text of one, below the name of its package. */
function keepFiles(from, name) {
  for (const path of filesUnder(from)) {
    if (!SUFFIXES.includes(extname(path).toLowerCase()) && extname(path) !== ".cdl") continue;
    cpSync(path, join(CORPUS, name, relative(from, path)), { recursive: true });
  }
}

/** Some texts are meant to fail, some need what one kind lacks: then there is no file. */
function makeFilesOfTexts() {
  const texts = filesUnder(CORPUS).filter((path) => extname(path) === ".cdl");
  for (const text of texts.filter((path) => !TOO_LARGE.test(path))) {
    for (const [kind, suffix] of KINDS) {
      const file = text.replace(/\.cdl$/, suffix);
      const limit = `--fsize=${FILE_BYTES_MAX}`;
      const { status } = spawnSync("prlimit", [limit, "ncgen", "-k", kind, "-o", file, text], {
        stdio: "ignore",
        timeout: 60_000,
      });
      if (status !== 0) rmSync(file, { force: true });
    }
  }
}

/** Every file of the corpus, as a path below `CORPUS`, in order. */
export function corpusFiles() {
  return filesUnder(CORPUS)
    .filter((path) => SUFFIXES.includes(extname(path).toLowerCase()))
    .map((path) => relative(CORPUS, path))
    .sort();
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function emptyFolder(name) {
  const folder = join(FOLDER, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

function run([command, ...args], cwd) {
  mkdirSync(cwd, { recursive: true });
  process.stderr.write(`${basename(command)} ${args.join(" ")}\n`);
  const { status, error } = spawnSync(command, args, { cwd, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? `code ${status}`}`);
}
