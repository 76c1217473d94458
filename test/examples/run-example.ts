/** Runs an example program, over the sources instead of the built package, in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const ROOT = resolve(import.meta.dirname, "../..");

/** What a program printed, and how it ended. */
export interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Bundles `examples/<name>.ts`; tsconfig's paths lead its imports to `src/`. */
export async function bundleExample(name: string): Promise<string> {
  const outfile = join(ROOT, ".cache", "test-examples", `${name}.mjs`);
  await build({
    entryPoints: [join(ROOT, "examples", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    alias: aliases(),
    logLevel: "error",
  });
  return outfile;
}

function aliases(): Record<string, string> {
  const entries = ["zarr", "storage", "storage/local"].map((entry) => [
    `icefloe/${entry}`,
    join(ROOT, "src", entry, "index.ts"),
  ]);
  return Object.fromEntries([...entries, ["icefloe", join(ROOT, "src/index.ts")]]);
}

/** Runs a bundled program to its end. */
export async function runProgram(file: string, ...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output, errors };
}
