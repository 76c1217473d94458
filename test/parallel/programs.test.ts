/** Programs that start workers in the ways that people start programs: texts, and modules without a guard. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { firstValues, folderWithArray, WORKER } from "./fixture.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const UNGUARDED = fileURLToPath(new URL("./workers/unguarded.mjs", import.meta.url));

/** How a program of node ended, and what it printed. */
interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs node in the package's folder. */
function runNode(args: readonly string[], env: Record<string, string> = {}): Promise<Ending> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A program that fills two rows with the named executor, and prints the report. */
const programOf = (folder: string, executor: string): string => `
  (async () => {
    const { Repository } = await import("icefloe");
    const { localFilesystemStorage } = await import("icefloe/storage/local");
    const { parallelWrite } = await import("icefloe/parallel");
    const { ${executor} } = await import("icefloe/parallel/node");
    const repository = await Repository.open(localFilesystemStorage(${JSON.stringify(folder)}));
    const session = await repository.writableSession("main");
    const report = await parallelWrite(session, {
      worker: ${JSON.stringify(WORKER.href)},
      tasks: [0, 1].map((row) => ({ row, columns: 200 })),
      executor: ${executor}({ concurrency: 2 }),
    });
    await session.commit("two rows");
    console.log(JSON.stringify({ tasks: report.tasks, attempts: report.attempts }));
  })()`;

describe.each(["processes", "threads"])("%s work in a program", (executor) => {
  test.each<[string, string[], Record<string, string>]>([
    ["node -p", ["-p"], {}],
    ["node --input-type=module -e", ["--input-type=module", "-e"], {}],
    ["node -e, with NODE_OPTIONS", ["-e"], { NODE_OPTIONS: "--input-type=module" }],
  ])("that is a text: %s", async (_name, args, env) => {
    const { folder, repository } = await folderWithArray(2);

    const program = programOf(`${folder}/repo`, executor);
    const { code, stdout, stderr } = await runNode([...args, program], env);

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain('{"tasks":2,"attempts":2}');
    const reader = await repository.readonlySession("main");
    expect(await firstValues(reader, 2)).toEqual([1, 2]);
  });

  test("that is its own worker and waits for its run: refused by name, once", async () => {
    const { folder } = await folderWithArray(2);
    const setup = { folder: `${folder}/repo`, executor, waits: true };

    const { code, stderr } = await runNode([UNGUARDED], { UNGUARDED: JSON.stringify(setup) });

    expect(code).toBe(1);
    expect(stderr).toContain("task-failed");
    expect(stderr).toContain("put the worker into a module of its own");
    expect(stderr).toContain("attempts: 1");
  });

  test("that is its own worker and does not wait for its run: it ends", async () => {
    const { folder } = await folderWithArray(2);
    const setup = { folder: `${folder}/repo`, executor, waits: false };

    const { code, stdout, stderr } = await runNode([UNGUARDED], {
      UNGUARDED: JSON.stringify(setup),
    });

    // The worker may be done before its module's own run is refused.
    if (code === 0) expect(stdout).toContain('{"tasks":2,');
    else expect(stderr).toContain("put the worker into a module of its own");
  });
});
