/**
 * Installs the object stores that tests use: `node scripts/servers/install.mjs versitygw minio ...`,
 * without names those of CI. They come into `.cache/servers`, or where `ICEFLOE_SERVERS` says, and
 * what is there in the right version stays.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = process.env.ICEFLOE_SERVERS ?? join(ROOT, ".cache", "servers");
const BIN = join(FOLDER, "bin");
const INSTALL_MS_MAX = 40 * 60 * 1000;

/** In the order in which CI needs them. */
const SERVERS = {
  versitygw: goProgram("github.com/versity/versitygw/cmd/versitygw@v1.8.0"),
  toxiproxy: goProgram("github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0", {
    built: "server",
    file: "toxiproxy-server",
  }),
  azurite: npmProgram("azurite@3.37.0", "azurite-blob"),
  "fake-gcs-server": goProgram("github.com/fsouza/fake-gcs-server@v1.56.1"),
  minio: goProgram("github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"),
  "s3s-fs": cargoProgram("s3s-fs", "0.14.1"),
};
/** The negative control takes minutes of Rust: only by name. */
const DEFAULT = Object.keys(SERVERS).filter((name) => name !== "s3s-fs");

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: INSTALL_MS_MAX,
    ...options,
  });
  if (error?.code === "ENOENT") throw new Error(`it needs ${command}, which is not installed`);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with code ${status}`);
}

function goProgram(module, { built, file } = {}) {
  return {
    version: module,
    install() {
      run("go", ["install", "-ldflags", "-s -w", module], {
        env: { ...process.env, GOBIN: BIN, GOFLAGS: "-modcacherw" },
      });
      if (built !== undefined) renameSync(join(BIN, built), join(BIN, file));
    },
  };
}

function npmProgram(version, file) {
  return {
    version,
    install() {
      const folder = join(FOLDER, "opt", file);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
      run("npm", ["install", "--no-audit", "--no-fund", version], { cwd: folder });
      if (!existsSync(join(BIN, file)))
        symlinkSync(join(folder, "node_modules", ".bin", file), join(BIN, file));
    },
  };
}

function cargoProgram(name, version) {
  const args = ["install", `${name}@${version}`, "--features", "binary", "--locked"];
  return {
    version: `${name}@${version}`,
    install: () => run("cargo", [...args, "--root", FOLDER]),
  };
}

function install(name) {
  const server = SERVERS[name];
  if (server === undefined)
    throw new Error(`there is no such server; known: ${Object.keys(SERVERS).join(" ")}`);
  const stamp = join(FOLDER, "stamp", name);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === server.version) {
    process.stdout.write(`${name}: ${server.version} is there\n`);
    return;
  }
  const start = Date.now();
  server.install();
  writeFileSync(stamp, server.version);
  process.stdout.write(`${name}: installed in ${Math.round((Date.now() - start) / 1000)} s\n`);
}

for (const folder of [BIN, join(FOLDER, "stamp")]) mkdirSync(folder, { recursive: true });
const names = process.argv.slice(2);
for (const name of names.length === 0 ? DEFAULT : names) {
  try {
    install(name);
  } catch (error) {
    process.stderr.write(`${name}: not installed: ${error.message}\n`);
    process.exitCode = 1;
  }
}
