/** The programs of docs/workers.md, as they stand there, with the tests' worker. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transform } from "esbuild";
import type { Executor } from "icefloe/parallel";
import { WORKER } from "./fixture.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Workers of the page's server, which runs until `stop`. */
export interface PageWorkers {
  readonly executor: () => Executor;
  readonly stop: () => Promise<void>;
}

/** The page's programs by the name in their first line. */
async function programsOfPage(): Promise<Map<string, string>> {
  const page = await readFile(join(ROOT, "docs/workers.md"), "utf8");
  const blocks = page.matchAll(/^```ts\n\/\/ (\w+)\.ts\n([\s\S]*?)^```/gm);
  return new Map([...blocks].map(([, name, text]) => [name as string, text as string]));
}

/** Starts the page's server, and gives the page's executor for it. */
export async function startPageWorkers(): Promise<PageWorkers> {
  const cache = join(ROOT, ".cache"); // Below the package, so that its name leads to `dist`.
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "workers-page-"));
  const programs = await programsOfPage();
  for (const [name, text] of programs) {
    const { code } = await transform(text, { loader: "ts" });
    await writeFile(join(folder, `${name}.js`), code);
  }
  await writeFile(join(folder, "worker.js"), `export { default } from "${WORKER.href}";\n`);
  const server = spawn(process.execPath, [join(folder, "server.js")], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(server, "close");
  const lines = createInterface(server.stdout);
  const [line] = (await once(lines, "line")) as [string];
  const port = /port: (\d+)/.exec(line)?.[1];
  const { httpWorkers } = (await import(pathToFileURL(join(folder, "executor.js")).href)) as {
    httpWorkers: (url: string) => Executor;
  };
  return {
    executor: () => httpWorkers(`http://127.0.0.1:${port}`),
    async stop() {
      server.kill();
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
