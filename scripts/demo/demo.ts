/**
 * What `npm start` shows: the example programs on real data, each on a local folder that stays, or
 * below the URL of an object store; and the check, in a fresh process, that what was read back is
 * what was written:
 *
 *   demo.ts <file.nc | grid.json | tutorial name | ""> [s3://bucket/prefix]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openSource } from "../../examples/source.ts";
import { openStorage } from "../../examples/storage.ts";

// Two levels up, for this file as well as for its bundle in .cache/demo/.
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GRID = join(ROOT, "node_modules", "vega-datasets", "data", "annual-precip.json");
const PROCESSES = "4";
const WRITERS = "4";

type Bundle = (entry: string, folder: string) => Promise<string>;
const bundler = pathToFileURL(join(ROOT, "scripts", "bundle.mjs")).href;
const { bundleForNode } = (await import(bundler)) as { bundleForNode: Bundle };

const [given, url] = process.argv.slice(2);
const source = given || GRID;
try {
  if (url !== undefined) await refuseUnlessEmpty(url);
  await (await openSource(source)).close(); // Fetches it once, before anything is shown.
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
const local = await realpath(await mkdtemp(join(tmpdir(), "icefloe-demo-")));
await bundleForNode("examples/fill-worker.ts", "demo");
await show("Tasks that share one session (examples/tasks.ts)", "tasks", [source]);
const picture = join(local, "processes.svg");
await show("Processes that fill forks (examples/processes.ts)", "processes", [
  source,
  PROCESSES,
  picture,
]);
await show(
  `${WRITERS} writers that know nothing of each other (examples/uncooperative.ts)`,
  "uncooperative",
  [WRITERS],
);

/** Nothing of the user's may be in the way: what is not empty is left as it is. */
async function refuseUnlessEmpty(address: string): Promise<void> {
  const storage = await openStorage(address);
  const { conditionalCreate, conditionalUpdate, list } = storage.capabilities;
  if (!conditionalCreate || !conditionalUpdate || !list || storage.describe() === undefined)
    throw new Error(`${address}: npm start needs a store that several processes can write to`);
  // Whoever waits for a demonstration learns soon that the store is not there.
  const impatient = storage.withSettings?.({ retries: { maxTries: 3 } }) ?? storage;
  for await (const { path } of impatient.list(""))
    throw new Error(
      `${address} is not empty: it holds "${path}". npm start needs a prefix of its own; it has changed nothing`,
    );
  await storage.close();
}

async function show(about: string, name: string, args: readonly string[]): Promise<void> {
  title(about);
  const address = url === undefined ? join(local, name) : `${url.replace(/\/+$/, "")}/${name}`;
  console.log(address);
  const startMs = Date.now();
  await run(`examples/${name}.ts`, address, ...args);
  console.log(`took ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  if (args[0] === source) await run("scripts/demo/verify.ts", address, source);
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
