/** Runs one phase of a case, in a process of its own that may not take longer than a bound. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { nodeProgram } from "../scripts/node-program.mjs";
import { ENGINES } from "../scripts/oracles.mjs";
import { ROOT } from "../scripts/prepare.mjs";

const BOUND_SECONDS = 90;
const SHIM = join(ENGINES.npm, "glibc-shim.so");
const programs = new Map([[majorOf(process.versions.node), process.execPath]]);

function majorOf(version) {
  return version.split(".")[0];
}

/** The name of the Node that runs this, as `--node` spells it: its major version. */
export const RUNNING_NODE = majorOf(process.versions.node);

/** The whole version of the Node of that name, which is installed if it is not there. */
export function versionOfNode(name) {
  const { stdout } = spawnSync(programOf(name), ["--version"], { encoding: "utf8" });
  return stdout.trim();
}

function programOf(node) {
  const program = programs.get(node) ?? nodeProgram(node);
  programs.set(node, program);
  return program;
}

/**
 * What a phase has measured, or `{ tookLonger }` in seconds. `side` says with which engine, `run` is
 * the rest of what `child.mjs` is told. Throws if the phase failed.
 */
export function runPhase(bench, { engine, options = {}, root = ROOT }, run) {
  const { file, name, boundSeconds = BOUND_SECONDS } = bench;
  const { node, ...rest } = run;
  const argument = { ...rest, engine, options, root, file, name, boundSeconds };
  const [command, script] =
    engine === "python"
      ? [join(ENGINES.python, "bin", "python"), "engines/python_forks.py"]
      : [programOf(node), "child.mjs"];
  const shim = engine === "official" && existsSync(SHIM) ? { LD_PRELOAD: SHIM } : {};
  const { status, signal, stdout, error } = spawnSync(
    command,
    [join(import.meta.dirname, script), JSON.stringify(argument)],
    {
      env: { ...process.env, ...shim },
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
      timeout: 1000 * boundSeconds,
      killSignal: "SIGKILL",
    },
  );
  if (error?.code === "ETIMEDOUT") return { tookLonger: boundSeconds };
  if (status !== 0) throw new Error(`${run.phase} failed: ${signal ?? `code ${status}`}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}
