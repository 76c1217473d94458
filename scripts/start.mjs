/**
 * `npm start`: installs and builds what is missing, then shows real data being written in
 * parallel. The demonstration itself is `scripts/demo/`. With the URL of an object store it writes
 * there, with `--s3` on a server of its own.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { prepare, ROOT } from "./prepare.mjs";

const USAGE =
  "usage: npm start [-- [s3://bucket/prefix | --s3] [file.nc | name of an xarray tutorial dataset]]";
const BUCKET = "icefloe-demo";

checkRequirements();
const args = process.argv.slice(2);
const isUrl = (text) => /^[a-z][a-z0-9+.-]+:\/\//i.test(text ?? "");
const target = isUrl(args[0]) || args[0] === "--s3" ? args.shift() : undefined;
const [file, ...rest] = args;
if (rest.length > 0 || file?.startsWith("-") || isUrl(file)) refuse(USAGE);
let source = "";
if (file !== undefined) {
  // npm runs scripts in the package's root; relative paths are the caller's.
  const path = resolve(process.env.INIT_CWD ?? ".", file);
  const isName = /^[A-Za-z0-9_-]+$/.test(file);
  if (existsSync(path)) source = path;
  else if (isName) source = file;
  else refuse(`there is no file ${path}`);
}
prepare();
process.exitCode = await (target === "--s3" ? demoOnServer() : demo(target, {}));

/** Runs the demonstration, in folders or below `url`; resolves to its exit code. */
async function demo(url, environment) {
  const program = await bundleForNode("scripts/demo/demo.ts", "demo");
  const parameters = url === undefined ? [source] : [source, url];
  const child = spawn(process.execPath, ["--enable-source-maps", program, ...parameters], {
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  const [code, signal] = await once(child, "exit");
  return signal === null ? code : 1;
}

/** The same on a server of S3 on this machine, which ends with it. */
async function demoOnServer() {
  const installer = join(ROOT, "scripts", "servers", "install.mjs");
  // Says itself what is missing.
  const { status } = spawnSync(process.execPath, [installer, "versitygw"], { stdio: "inherit" });
  if (status !== 0) return 1;
  const bundle = await bundleForNode("test/servers/server.ts", "demo");
  const { startServer } = await import(pathToFileURL(bundle).href);
  const server = await startServer("versitygw");
  try {
    await server.createBucket(BUCKET);
    process.stdout.write(`versitygw serves S3 at ${server.url}, until this ends\n`);
    return await demo(`s3://${BUCKET}/demo`, {
      AWS_ENDPOINT_URL: server.url,
      AWS_ENDPOINT_URL_S3: "",
      AWS_ALLOW_HTTP: "true",
      AWS_REGION: server.region,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      AWS_SESSION_TOKEN: "",
    });
  } finally {
    await server.stop();
  }
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
