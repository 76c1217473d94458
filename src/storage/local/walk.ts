/** Lists the objects below a folder: files whose names the storage could have given. */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import { unescapeSegment } from "../key-escaping.ts";
import { RESERVED_FOLDER } from "../object-path.ts";
import type { ListEntry } from "../port.ts";
import { type FileSystem, isAbsent, unlessAbsent } from "./file-system.ts";
import { versionOf } from "./file-version.ts";

const STATS_AT_ONCE = 32;
const BATCH_ENTRIES = 256; // Names held while their facts are fetched.
const DEPTH_MAX = 32; // A link to a parent would not end before the platform stops at 40 links.

/** A modification time as a date, which keeps milliseconds. */
export function dateOf(modifiedNs: bigint): Date {
  return new Date(Number(modifiedNs / 1_000_000n));
}

/**
 * Yields the objects in `folder` and below; `prefix` is the object path of `folder`, with a slash
 * at its end unless it is the root. Links are followed. A missing folder is empty, and a file that
 * goes while it is listed is left out.
 */
export async function* walkObjects(
  fileSystem: FileSystem,
  folder: string,
  prefix: string,
  signal: AbortSignal | undefined,
  depth: number = 0,
): AsyncGenerator<ListEntry> {
  const folders: string[] = [];
  let files: string[] = [];
  if (depth > DEPTH_MAX) {
    throw makeError("io", `list of ${prefix}: more than ${DEPTH_MAX} folders deep`, {
      details: { path: prefix, depthMax: DEPTH_MAX },
    });
  }
  try {
    for await (const { name, kind } of fileSystem.readFolder(folder)) {
      signal?.throwIfAborted();
      if (unescapeSegment(name) === undefined || (prefix === "" && name === RESERVED_FOLDER))
        continue;
      if (kind === "folder") folders.push(name);
      if (kind === "file") files.push(name);
      if (files.length < BATCH_ENTRIES) continue;
      yield* describeFiles(fileSystem, folder, prefix, files);
      files = [];
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  yield* describeFiles(fileSystem, folder, prefix, files);
  for (const name of folders) {
    const below = `${prefix}${unescapeSegment(name)}/`;
    yield* walkObjects(fileSystem, fileSystem.join(folder, name), below, signal, depth + 1);
  }
}

async function* describeFiles(
  fileSystem: FileSystem,
  folder: string,
  prefix: string,
  names: readonly string[],
): AsyncGenerator<ListEntry> {
  const facts = await mapConcurrent(names, STATS_AT_ONCE, (name) =>
    unlessAbsent(fileSystem.facts(fileSystem.join(folder, name))),
  );
  for (const [index, found] of facts.entries()) {
    if (found === undefined) continue;
    yield {
      path: prefix + unescapeSegment(names[index] as string),
      sizeBytes: found.sizeBytes,
      lastModified: dateOf(found.modifiedNs),
      version: versionOf(found),
    };
  }
}
