/**
 * Says in one line what is missing on this machine. Runs before anything is installed, also on an
 * old Node: only old syntax and old modules here.
 */
import { spawnSync } from "node:child_process";

const NODE_MAJOR = 20;
const NODE_MINOR = 19;

/** What is missing, one clause, or undefined. */
export function missingRequirement(version = process.versions.node, isFound = answers) {
  const [major, minor] = version.split(".").map(Number);
  if (major < NODE_MAJOR || (major === NODE_MAJOR && minor < NODE_MINOR)) {
    return `icefloe needs Node ${NODE_MAJOR}.${NODE_MINOR} or newer, this is Node ${version}`;
  }
  for (const program of ["npm", "git"]) {
    if (!isFound(program)) return `icefloe needs ${program}, which is not on the path`;
  }
  return undefined;
}

function answers(program) {
  // npm is a .cmd file on Windows, which only a shell starts.
  const options = { stdio: "ignore", shell: process.platform === "win32" };
  return spawnSync(program, ["--version"], options).status === 0;
}

/** Ends the process with one line on stderr if a requirement is missing. */
export function checkRequirements() {
  const missing = missingRequirement();
  if (missing === undefined) return;
  process.stderr.write(`${missing}\n`);
  process.exit(2);
}
