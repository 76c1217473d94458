/** Lists the objects below a folder: files whose names the storage could have given. */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import { unescapeSegment } from "../key-escaping.ts";
import { RESERVED_FOLDER } from "../object-path.ts";
import type { ListEntry } from "../port.ts";
import type { OriginEntry, OriginFiles } from "./origin-files.ts";

const FILES_AT_ONCE = 32;
const BATCH_ENTRIES = 256; // Entries held while their files are looked at.
const DEPTH_MAX = 32;

/**
 * Yields the objects in `folder` and below; `prefix` is the object path of `folder`, with a slash
 * at its end unless it is the root. A file that goes while it is listed is left out.
 */
export async function* listFolder(
  files: OriginFiles,
  folder: string,
  prefix: string,
  signal: AbortSignal | undefined,
  depth: number = 0,
): AsyncGenerator<ListEntry> {
  if (depth > DEPTH_MAX) {
    throw makeError("io", `list of ${prefix}: more than ${DEPTH_MAX} folders deep`, {
      details: { path: prefix, depthMax: DEPTH_MAX },
    });
  }
  const folders: string[] = [];
  let batch: OriginEntry[] = [];
  for await (const entry of files.readFolder(folder)) {
    signal?.throwIfAborted();
    const isReserved = prefix === "" && entry.name === RESERVED_FOLDER;
    if (isReserved || unescapeSegment(entry.name) === undefined) continue;
    if (entry.kind === "folder") folders.push(entry.name);
    else batch.push(entry);
    if (batch.length < BATCH_ENTRIES) continue;
    yield* describeFiles(prefix, batch);
    batch = [];
  }
  yield* describeFiles(prefix, batch);
  for (const name of folders) {
    const below = folder === "" ? name : `${folder}/${name}`;
    yield* listFolder(files, below, `${prefix}${unescapeSegment(name)}/`, signal, depth + 1);
  }
}

async function* describeFiles(
  prefix: string,
  entries: readonly OriginEntry[],
): AsyncGenerator<ListEntry> {
  const files = await mapConcurrent(entries, FILES_AT_ONCE, (entry) => entry.open());
  for (const [index, file] of files.entries()) {
    if (file === undefined) continue;
    yield {
      path: prefix + unescapeSegment((entries[index] as OriginEntry).name),
      sizeBytes: file.size,
      lastModified: new Date(file.lastModified),
    };
  }
}
