/**
 * `npm start`: installs and builds what is missing, then shows real data being written in
 * parallel. The demonstration itself is `scripts/demo/`.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { prepare } from "./prepare.mjs";

const USAGE = "usage: npm start [-- file.nc | name of an xarray tutorial dataset]";

checkRequirements();
const [file, ...rest] = process.argv.slice(2);
if (rest.length > 0 || file?.startsWith("-")) refuse(USAGE);
const sources = [];
if (file !== undefined) {
  // npm runs scripts in the package's root; relative paths are the caller's.
  const path = resolve(process.env.INIT_CWD ?? ".", file);
  const isName = /^[A-Za-z0-9_-]+$/.test(file);
  if (existsSync(path)) sources.push(path);
  else if (isName) sources.push(file);
  else refuse(`there is no file ${path}`);
}
prepare();
const program = await bundleForNode("scripts/demo/demo.ts", "demo");
const child = spawn(process.execPath, ["--enable-source-maps", program, ...sources], {
  stdio: "inherit",
});
child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
