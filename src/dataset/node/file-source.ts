/** Random access to a file on disk. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeError } from "../../base/errors.ts";
import type { ByteSource } from "../netcdf/byte-source.ts";

/** The absolute path of a path or `file:` URL. */
export function pathOf(file: string | URL): string {
  return file instanceof URL ? fileURLToPath(file) : resolve(file);
}

/** A source over the file at `path`, which stays open until it is closed. @throws {io} */
export async function fileSource(path: string): Promise<ByteSource> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw makeError("io", `cannot open ${path}`, { details: { path }, cause });
  });
  const failed =
    (what: string) =>
    (cause: unknown): never => {
      throw makeError("io", `cannot ${what} ${path}`, { details: { path }, cause });
    };
  const { size } = await handle.stat().catch(async (cause: unknown) => {
    await handle.close();
    return failed("look at")(cause);
  });
  let isClosed = false;
  return {
    name: path,
    sizeBytes: size,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle
          .read(bytes, filled, bytes.length - filled, start + filled)
          .catch(failed("read"));
        if (bytesRead === 0) {
          throw makeError("io", `${path} ends at byte ${start + filled}, expected ${end}`, {
            details: { path, start, end },
          });
        }
        filled += bytesRead;
      }
      return bytes;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await handle.close();
    },
  };
}
