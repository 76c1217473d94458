/** Runs an example program, in a process of its own, over the built package. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** What a program printed, and how it ended. */
export interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

type Bundle = (entry: string, folder: string) => Promise<string>;
const bundler = "../../scripts/bundle.mjs"; // Plain JavaScript, without types.
const { bundleForNode } = (await import(bundler)) as { bundleForNode: Bundle };

/** Bundles `examples/<name>.ts`; the package's own name leads to `dist/`, as for a user. */
export function bundleExample(name: string): Promise<string> {
  return bundleForNode(`examples/${name}.ts`, "test-examples");
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
