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
import { openSource } from "../../examples/source.ts";

// Two levels up, for this file as well as for its bundle in .cache/demo/.
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GRID = join(ROOT, "node_modules", "vega-datasets", "data", "annual-precip.json");
const PROCESSES = "4";
const WRITERS = "4";

type Bundle = (entry: string, folder: string) => Promise<string>;
const bundler = pathToFileURL(join(ROOT, "scripts", "bundle.mjs")).href;
const { bundleForNode } = (await import(bundler)) as { bundleForNode: Bundle };

const [source = GRID] = process.argv.slice(2);
try {
  await (await openSource(source)).close(); // Fetches it once, before anything is shown.
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
const parent = await realpath(await mkdtemp(join(tmpdir(), "icefloe-demo-")));
await bundleForNode("examples/fill-worker.ts", "demo");
await show("Tasks that share one session (examples/tasks.ts)", "tasks", [source]);
await show("Processes that fill forks (examples/processes.ts)", "processes", [source, PROCESSES]);
await show(
  `${WRITERS} writers that know nothing of each other (examples/uncooperative.ts)`,
  "uncooperative",
  [WRITERS],
);

async function show(about: string, name: string, args: readonly string[]): Promise<void> {
  title(about);
  const folder = join(parent, name);
  console.log(folder);
  const startMs = Date.now();
  await run(`examples/${name}.ts`, folder, ...args);
  console.log(`took ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  if (args[0] === source) await run("scripts/demo/verify.ts", folder, source);
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
