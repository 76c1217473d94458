/**
 * Real servers on loopback, each a process of its own with a folder of its own. It ends, and the
 * folder goes, with `stop` or with the process that started it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createBucketOn } from "./buckets.ts";
import { missingServers, programPath, SERVER_PROGRAMS, type ServerName } from "./programs.ts";
import { Watchdog } from "./watchdog.ts";

const READY_WITHIN_MS = 60_000;
const PROBE_EVERY_MS = 25;
const PROBE_TIMEOUT_MS = 2_000;
const STOPPED_WITHIN_MS = 10_000;
/** Below the ports that systems give to clients, so that none takes a server's while it is down. */
const PORTS = { first: 15_000, end: 32_000 };
const PORTS_TRIED_MAX = 100;
const LOG_CHARACTERS_MAX = 2_000;

export interface ServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Where the server keeps its objects; then it stays after `stop`. Default: a new folder that goes. */
  readonly dataFolder?: string;
  /** Added to the environment of the program. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a server; resolves when it serves requests. Throws with its log if it does not. */
export async function startServer(name: ServerName, options: ServerOptions = {}): Promise<Server> {
  const missing = missingServers(name);
  if (missing !== undefined) throw new Error(missing);
  const folder = await mkdtemp(join(tmpdir(), `icefloe-${name}-`));
  const dataFolder = options.dataFolder ?? join(folder, "data");
  await mkdir(dataFolder, { recursive: true });
  const port = options.port ?? (await freePort());
  const server = new Server({
    name,
    port,
    folder,
    dataFolder,
    environment: options.environment ?? {},
  });
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

interface Setup {
  readonly name: ServerName;
  readonly port: number;
  /** Its own: the log, and the objects unless they are kept. */
  readonly folder: string;
  readonly dataFolder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A server that `startServer` started. Its port and its objects stay the same until `stop`. */
export class Server implements AsyncDisposable {
  readonly name: ServerName;
  readonly port: number;
  /** `http://127.0.0.1:<port>`; Azurite's blobs lie below `/<accessKeyId>`. */
  readonly url: string;
  /** Azurite: the account's name. fake-gcs-server and toxiproxy do not ask. */
  readonly accessKeyId: string;
  /** Azurite: the account's key, in base64. */
  readonly secretAccessKey: string;
  readonly region: string = "us-east-1";
  readonly dataFolder: string;
  readonly #setup: Setup;
  readonly #watchdog: Watchdog;
  #running: { readonly child: ChildProcess; readonly gone: Promise<void> } | undefined;
  #isStopped = false;

  constructor(setup: Setup) {
    this.name = setup.name;
    this.port = setup.port;
    this.url = `http://127.0.0.1:${setup.port}`;
    this.dataFolder = setup.dataFolder;
    const { credentials } = SERVER_PROGRAMS[setup.name];
    this.accessKeyId = credentials.accessKeyId;
    this.secretAccessKey = credentials.secretAccessKey;
    this.#setup = setup;
    this.#watchdog = new Watchdog(setup.folder);
  }

  /** Of the running process; it changes with each `restart`. Throws when none runs. */
  get pid(): number {
    const pid = this.#running?.child.pid;
    if (pid === undefined) throw new Error(`${this.name} is not running`);
    return pid;
  }

  /** Makes a bucket, a container on Azurite. One of that name that is there is an error. */
  createBucket(bucket: string): Promise<void> {
    return createBucketOn(this.name, this.url, this, bucket);
  }

  /** Ends the process at once, as a crash does; resolves when it is gone. Follow with `restart`. */
  kill9(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Starts it again over the same objects, on the same port; if it runs, SIGTERM comes before. */
  async restart(): Promise<void> {
    if (this.#isStopped) throw new Error(`${this.name} has been stopped`);
    await this.#end("SIGTERM");
    // Else whoever listens there would answer for it.
    if (!(await isFree(this.port))) throw new Error(`port ${this.port} is taken`);
    this.#start();
    await this.#waitUntilReady();
  }

  /** Ends it for good with SIGTERM and removes its folder. Once more, it does nothing. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#end("SIGTERM");
    this.#watchdog.end();
    await rm(this.#setup.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #start(): void {
    const program = SERVER_PROGRAMS[this.name];
    const log = openSync(this.#logFile, "a");
    const child = spawn(
      programPath(this.name),
      [...program.arguments(this.port, this.dataFolder)],
      {
        cwd: this.#setup.folder,
        env: { ...process.env, ...program.environment, ...this.#setup.environment },
        stdio: ["ignore", log, log],
      },
    );
    closeSync(log);
    child.unref();
    const gone = new Promise<void>((resolve) => {
      const end = (): void => {
        this.#running = undefined;
        this.#watchdog.watch(undefined);
        resolve();
      };
      child.on("exit", end).on("error", end);
    });
    this.#running = { child, gone };
    this.#watchdog.watch(child.pid);
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.child.ref(); // The process that waits must not end before.
    running.child.kill(signal);
    const force = setTimeout(() => running.child.kill("SIGKILL"), STOPPED_WITHIN_MS);
    await running.gone;
    clearTimeout(force);
  }

  async #waitUntilReady(): Promise<void> {
    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until) {
      if (this.#running === undefined) throw new Error(await this.#complaint("ended at once"));
      if (await this.#isReady()) return;
      await pause(PROBE_EVERY_MS);
    }
    throw new Error(await this.#complaint(`is not ready after ${READY_WITHIN_MS / 1000} s`));
  }

  /** Whether it answers, it and not another on its port that made it end. */
  async #isReady(): Promise<boolean> {
    const { path, status } = SERVER_PROGRAMS[this.name].ready;
    try {
      const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
      const response = await fetch(`${this.url}${path}`, {
        signal,
        headers: { connection: "close" },
      });
      await response.arrayBuffer();
      const isRight = status === undefined || response.status === status;
      return isRight && this.#running !== undefined;
    } catch {
      return false; // Refused, reset or too late: not yet.
    }
  }

  async #complaint(what: string): Promise<string> {
    const log = await readFile(this.#logFile, "utf8");
    return `${this.name} on port ${this.port} ${what}: ${log.slice(-LOG_CHARACTERS_MAX)}`;
  }

  get #logFile(): string {
    return join(this.#setup.folder, "log");
  }
}

/** A port of loopback on which nobody listens. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PORTS_TRIED_MAX; tried++) {
    const port = randomInt(PORTS.first, PORTS.end);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${PORTS_TRIED_MAX} ports is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer();
    listener.once("error", () => resolve(false));
    listener.listen(port, "127.0.0.1", () => listener.close(() => resolve(true)));
  });
}
