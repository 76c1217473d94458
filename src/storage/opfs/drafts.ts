/**
 * Files that are written before they get their name: `<origin>/.icefloe/drafts/<id>`. What a page
 * leaves there that was closed or crashed is removed once it is an hour old.
 */
import type { Runtime } from "../../base/runtime.ts";
import { RESERVED_FOLDER } from "../object-path.ts";
import { newWriteId } from "./object-version.ts";
import type { OriginFiles } from "./origin-files.ts";

const FOLDER = `${RESERVED_FOLDER}/drafts`;
const LEFTOVER_AGE_MS = 3_600_000; // No write takes that long.

/** Writes bytes as a draft; its path. Nothing is left if that fails. */
export async function writeDraft(
  files: OriginFiles,
  runtime: Runtime,
  bytes: Uint8Array,
): Promise<string> {
  const draft = `${FOLDER}/${newWriteId(runtime)}`;
  try {
    await files.write(draft, bytes);
  } catch (error) {
    await discardDraft(files, draft);
    throw error;
  }
  return draft;
}

/** Removes a draft, or leaves it to the sweep where that fails: the failure before it matters more. */
export async function discardDraft(files: OriginFiles, draft: string): Promise<void> {
  await files.remove(draft).catch(() => undefined);
}

/** Removes drafts that were left an hour ago or longer. */
export async function sweepDrafts(files: OriginFiles, runtime: Runtime): Promise<void> {
  const oldestMs = runtime.nowMicros() / 1000 - LEFTOVER_AGE_MS;
  for await (const { name, open } of files.readFolder(FOLDER)) {
    const file = await open();
    if (file !== undefined && file.lastModified < oldestMs)
      await discardDraft(files, `${FOLDER}/${name}`);
  }
}
