/** Other versions of Node, which npm brings. */
import { spawnSync } from "node:child_process";
import { ROOT } from "./prepare.mjs";

/** The program of a version of Node: npx itself would outlive or shield what it starts. */
export function nodeProgram(version) {
  const args = ["--yes", "-p", `node@${version}`, "node", "-p", "process.execPath"];
  const { status, stdout } = spawnSync("npx", args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`node@${version} cannot be installed from npm`);
  return stdout.trim();
}
