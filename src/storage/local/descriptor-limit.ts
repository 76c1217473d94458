/** Keeps a file system's open files few, and waits where the process or machine has too many. */
import { createLimiter } from "../../base/concurrency.ts";
import { backoff } from "../../base/retry.ts";
import type { Runtime } from "../../base/runtime.ts";
import { codeOf, type FileSystem } from "./file-system.ts";

const OPEN_FILES_MAX = 128; // Half of the smallest usual limit (macOS: 256 per process).
const TOO_MANY_FILES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE"]);
const RETRIES = { attemptsMax: 8, initialBackoffMs: 10, maxBackoffMs: 1000 };

/** `inner`, with at most 128 files open at once; `EMFILE` and `ENFILE` are retried for some seconds. */
export function withDescriptorLimit(inner: FileSystem, runtime: Runtime): FileSystem {
  const limiter = createLimiter(OPEN_FILES_MAX);
  const open = <T>(step: () => Promise<T>): Promise<T> =>
    limiter.run(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await step();
        } catch (error) {
          const code = codeOf(error);
          if (!code || !TOO_MANY_FILES.has(code) || attempt === RETRIES.attemptsMax) throw error;
          await backoff(runtime, RETRIES, attempt);
        }
      }
    });
  return {
    join: (...segments) => inner.join(...segments),
    create: (path, bytes, options) => open(() => inner.create(path, bytes, options)),
    read: (path, select) => open(() => inner.read(path, select)),
    syncFolder: (path) => open(() => inner.syncFolder(path)),
    facts: (path) => inner.facts(path),
    setModified: (path, modifiedNs) => inner.setModified(path, modifiedNs),
    rename: (from, to) => inner.rename(from, to),
    link: (from, to) => inner.link(from, to),
    unlink: (path) => inner.unlink(path),
    makeFolder: (path) => inner.makeFolder(path),
    removeFolder: (path) => inner.removeFolder(path),
    readFolder: (path) => inner.readFolder(path),
  };
}
