/**
 * What `npm start` shows: the example programs on real data, each on a local folder that stays,
 * and the check, in a fresh process, that what was read back is what was written.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// Two levels up, for this file as well as for its bundle in .cache/demo/.
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GRID = join(ROOT, "node_modules", "vega-datasets", "data", "annual-precip.json");
const WRITERS = 4;

type Bundle = (entry: string, folder: string) => Promise<string>;
const bundler = pathToFileURL(join(ROOT, "scripts", "bundle.mjs")).href;
const { bundleForNode } = (await import(bundler)) as { bundleForNode: Bundle };

const parent = await realpath(await mkdtemp(join(tmpdir(), "icefloe-demo-")));
await showTasks(join(parent, "tasks"));
await showUncooperative(join(parent, "uncooperative"));

async function showTasks(folder: string): Promise<void> {
  title("Tasks that share one session (examples/tasks.ts)");
  console.log("Annual precipitation on a 168 x 360 grid, one task per band of latitudes, into");
  console.log(folder);
  await run("examples/tasks.ts", folder, GRID);
  await run("scripts/demo/verify.ts", folder, GRID);
}

async function showUncooperative(folder: string): Promise<void> {
  title("Writers that know nothing of each other (examples/uncooperative.ts)");
  console.log(`${WRITERS} processes append their number to one attribute, into`);
  console.log(folder);
  await run("examples/uncooperative.ts", folder, `${WRITERS}`);
}

/** Runs one program in a process of its own; a failure ends the demonstration. */
async function run(program: string, ...args: string[]): Promise<void> {
  const file = await bundleForNode(program, "demo");
  const child = spawn(process.execPath, ["--enable-source-maps", file, ...args], {
    stdio: "inherit",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code === 0) return;
  console.error(`${program} failed`);
  process.exit(1);
}

function title(text: string): void {
  console.log(process.stdout.isTTY ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);
}
