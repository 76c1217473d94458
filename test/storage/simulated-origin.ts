/**
 * The files of an origin in memory, as pages see them: a name is there, empty, before its bytes
 * are; a file that was replaced cannot be read any more; and a page may die at any step.
 */
import type { Runtime } from "../../src/base/runtime.ts";
import type { ObjectLocks } from "../../src/storage/opfs/object-locks.ts";
import { OpfsStorage } from "../../src/storage/opfs/opfs-storage.ts";
import type { OriginEntry, OriginFiles } from "../../src/storage/opfs/origin-files.ts";

interface StoredFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lastModified: number;
}

/** What a page's operations end with once it has died. */
export class PageDied extends Error {}

/** A page of the origin. */
export interface SimulatedPage {
  readonly storage: OpfsStorage;
  /** Steps it has taken so far. */
  readonly stepCount: number;
}

/** What may go wrong for a page. */
export interface PageOptions {
  /** The step it dies at: nothing of it happens, or a part of what is written in it. */
  readonly diesAt?: number;
  /** Called before each step: waits there let others go first. */
  readonly pause?: () => Promise<void>;
  /** Bytes of one file that the origin has room for. */
  readonly roomBytes?: number;
}

/** A file as a page has opened it: readable until it is replaced. It reads within turns of the microtask queue. */
class OpenedFile extends File {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #check: () => void;

  constructor(name: string, { bytes, lastModified }: StoredFile, check: () => void) {
    super([bytes], name, { lastModified });
    this.#bytes = bytes;
    this.#check = check;
  }

  override async text(): Promise<string> {
    this.#check();
    return new TextDecoder().decode(this.#bytes);
  }

  override slice(start?: number, end?: number): Blob {
    const arrayBuffer = async (): Promise<ArrayBuffer> => {
      this.#check();
      return this.#bytes.slice(start, end).buffer;
    };
    return Object.assign(super.slice(start, end), { arrayBuffer });
  }
}

/** An origin whose clock turns only every `tickMs`, as those of file systems do. */
export class SimulatedOrigin {
  readonly files = new Map<string, StoredFile>();
  readonly #runtime: Runtime;
  readonly #tickMs: number;
  readonly #locked = new Map<string, Promise<unknown>>();

  constructor(runtime: Runtime, tickMs: number = 4) {
    this.#runtime = runtime;
    this.#tickMs = tickMs;
  }

  /** Opens a page with a storage in `folder`. */
  openPage(folder: string, options: PageOptions = {}): SimulatedPage {
    const page = new PageFiles(this, options);
    const storage = new OpfsStorage(folder, {
      files: page,
      lock: this.#lock,
      runtime: this.#runtime,
    });
    return {
      storage,
      get stepCount() {
        return page.stepCount;
      },
    };
  }

  /** Holders come one after the other, and a dead page's work has ended. */
  readonly #lock: ObjectLocks = (file, signal, work) => {
    const before = this.#locked.get(file) ?? Promise.resolve();
    const run = before.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    this.#locked.set(
      file,
      run.catch(() => undefined),
    );
    return run;
  };

  store(path: string, bytes: Uint8Array): void {
    const milliseconds = this.#runtime.nowMicros() / 1000;
    const lastModified = Math.floor(milliseconds / this.#tickMs) * this.#tickMs;
    this.files.set(path, { bytes: bytes.slice(), lastModified });
  }

  open(path: string): File | undefined {
    const stored = this.files.get(path);
    if (stored === undefined) return undefined;
    return new OpenedFile(path, stored, () => {
      if (this.files.get(path) !== stored) throw new DOMException("replaced", "NotReadableError");
    });
  }
}

class PageFiles implements OriginFiles {
  readonly #origin: SimulatedOrigin;
  readonly #options: PageOptions;
  stepCount = 0;
  #isDead = false;

  constructor(origin: SimulatedOrigin, options: PageOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  async #step(): Promise<void> {
    await this.#options.pause?.();
    this.stepCount++;
    if (this.#isDead || this.stepCount === this.#options.diesAt) {
      this.#isDead = true;
      throw new PageDied();
    }
  }

  async open(path: string): Promise<File | undefined> {
    await this.#step();
    return this.#origin.open(path);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#step();
    this.#origin.store(path, new Uint8Array(0));
    await this.#step();
    this.#origin.store(path, bytes.subarray(0, bytes.length >> 1));
    if (bytes.length > (this.#options.roomBytes ?? Number.POSITIVE_INFINITY))
      throw new DOMException("full", "QuotaExceededError");
    await this.#step();
    this.#origin.store(path, bytes);
  }

  async move(from: string, to: string): Promise<void> {
    await this.#step();
    const stored = this.#origin.files.get(from);
    if (stored === undefined) throw new DOMException("absent", "NotFoundError");
    this.#origin.files.delete(from);
    this.#origin.files.set(to, { ...stored });
  }

  async remove(path: string): Promise<void> {
    await this.#step();
    this.#origin.files.delete(path);
  }

  async *readFolder(path: string): AsyncGenerator<OriginEntry> {
    await this.#step();
    const prefix = path === "" ? "" : `${path}/`;
    const below = [...this.#origin.files.keys()].filter((file) => file.startsWith(prefix));
    const names = new Map(
      below.map((file) => {
        const [name, ...rest] = file.slice(prefix.length).split("/");
        return [name as string, rest.length === 0 ? "file" : "folder"] as const;
      }),
    );
    for (const [name, kind] of names)
      yield { name, kind, open: async () => this.#origin.open(prefix + name) };
  }
}
