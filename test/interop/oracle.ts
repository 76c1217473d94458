/** The official engines as oracles: long-lived child processes that answer JSON lines. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

const ROOT = resolve(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache");
const PYTHON = join(CACHE, "oracle", "bin", "python");
const NPM_FOLDER = join(CACHE, "oracle-npm");
const SHIM = join(NPM_FOLDER, "glibc-shim.so");

/** One chunk of a dump. `bytes` is base64. */
export interface DumpedChunk {
  readonly coordinates: readonly number[];
  readonly kind?: "inline" | "native" | "virtual";
  readonly length?: number;
  readonly location?: string;
  readonly offset?: number;
  readonly bytes?: string;
  readonly unreadable?: string;
}

/** One node of a dump: its zarr.json as stored, and an array's chunks in order. */
export interface DumpedNode {
  readonly path: string;
  readonly metadata: string;
  readonly chunks?: readonly DumpedChunk[];
}

/** All that one version of a repository holds. */
export interface Dump {
  readonly snapshotId: string;
  readonly keys: readonly string[];
  readonly nodes: readonly DumpedNode[];
}

/** One entry of a branch's history. */
export interface DumpedSnapshot {
  readonly id: string;
  readonly parentId: string | null;
  readonly writtenAtMicros?: number;
  readonly message: string;
  readonly metadata: Record<string, unknown>;
}

/** One change of a `write`. */
export type Step =
  | { readonly set: string; readonly bytes: string }
  | { readonly delete: string }
  | { readonly deleteDir: string }
  | { readonly clear: true }
  | {
      readonly virtual: string;
      readonly location: string;
      readonly offset: number;
      readonly length: number;
    };

/** What a diff or a status says, coordinates sorted. */
export interface DumpedDiff {
  readonly newGroups: readonly string[];
  readonly newArrays: readonly string[];
  readonly deletedGroups: readonly string[];
  readonly deletedArrays: readonly string[];
  readonly updatedGroups: readonly string[];
  readonly updatedArrays: readonly string[];
  readonly updatedChunks: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** An array's values as an oracle read them: base64 of little-endian bytes in C order. */
export interface DumpedArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: string;
}

/** An error that an oracle answered with. */
export class OracleError extends Error {
  readonly kind: string | undefined;
  readonly conflicts: readonly { readonly type: string; readonly path: string }[];

  constructor(answer: { name: string; message: string; kind?: string; conflicts?: never[] }) {
    super(`${answer.name}: ${answer.message}`);
    this.kind = answer.kind;
    this.conflicts = answer.conflicts ?? [];
  }
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { name: string; message: string; kind?: string; conflicts?: never[] };
}

/** One official engine in a process of its own. Requests are answered in order. */
export class Oracle {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (reason: Error) => void }
  >();
  #nextId = 0;

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(command, args, {
      stdio: ["pipe", "ignore", "inherit", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child.on("error", (error) => this.#fail(error));
    this.#child.on("exit", (code, signal) =>
      this.#fail(new Error(`the oracle ended: ${signal ?? `code ${code}`}`)),
    );
    createInterface({ input: this.#child.stdio[3] as Readable }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer;
      const waiter = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.error === undefined) waiter?.resolve(answer.result);
      else waiter?.reject(new OracleError(answer.error));
    });
  }

  /** Calls one method; rejects with an `OracleError` if the engine refuses. */
  call<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  /** Ends the process and resolves when it is gone. */
  close(): Promise<void> {
    if (this.#child.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.on("exit", () => resolve());
      this.#child.stdin?.end();
    });
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The Python engine. `scripts/interop.mjs` installs it. */
export function pythonOracle(): Oracle {
  return new Oracle(pythonPath(), [join(import.meta.dirname, "oracle.py")]);
}

/** The Python that has the official engine. */
export function pythonPath(): string {
  if (!existsSync(PYTHON)) throw new Error("no Python oracle: node scripts/interop.mjs");
  return PYTHON;
}

/** The npm binding of the engine, with the shim where it is needed. */
export function npmOracle(): Oracle {
  if (!existsSync(NPM_FOLDER)) throw new Error("no npm oracle: node scripts/interop.mjs");
  const env: Record<string, string> = existsSync(SHIM) ? { LD_PRELOAD: SHIM } : {};
  return new Oracle(
    process.execPath,
    [join(import.meta.dirname, "oracle-npm.cjs"), NPM_FOLDER],
    env,
  );
}
