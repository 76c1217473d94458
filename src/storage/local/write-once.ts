/**
 * Writes objects whose names are used once: chunks, manifests, snapshots, logs, backups.
 *
 * All but chunks are written as drafts and renamed, so that nobody ever sees a part. A chunk goes
 * straight to its random name, at half the price: nothing refers to it before its put resolves,
 * so the part that a killed process leaves is garbage that no reader can reach.
 */
import type { SwapParts, SwapPlace } from "./compare-and-swap.ts";
import { codeOf, type FileFacts, unlessAbsent } from "./file-system.ts";

/** Writes a whole object, replacing one that is there. */
export async function writeWhole(
  parts: SwapParts,
  place: SwapPlace,
  body: Uint8Array,
  sync: boolean,
): Promise<FileFacts> {
  const draft = await parts.drafts.write(body, { sync });
  try {
    await parts.folders.within(place.parent, () => parts.fileSystem.rename(draft.file, place.file));
  } catch (error) {
    await parts.drafts.discard(draft.file);
    throw error;
  }
  if (sync) await parts.folders.syncNames(place.parent);
  return draft.facts;
}

/** Writes a new object in place; one that is there is replaced whole. */
export async function writeInPlace(
  parts: SwapParts,
  place: SwapPlace,
  body: Uint8Array,
  sync: boolean,
): Promise<FileFacts> {
  let facts: FileFacts;
  try {
    facts = await parts.folders.within(place.parent, () =>
      parts.fileSystem.create(place.file, body, { sync }),
    );
  } catch (error) {
    // Taken: by an attempt of the same put that failed halfway, since names are random.
    if (codeOf(error) === "EEXIST") return writeWhole(parts, place, body, sync);
    throw error;
  }
  if (sync) await parts.folders.syncNames(place.parent);
  return facts;
}

// What a platform answers where it cannot link: no links there, two devices, too many names.
const NO_LINK: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EXDEV",
  "EMLINK",
]);

/**
 * Gives the file of one object to another, without copying: no file is ever changed in place.
 * `check` sees what was linked, before it is visible, and may refuse it.
 * Resolves to `unsupported` where files cannot be linked.
 */
export async function linkWhole(
  parts: SwapParts,
  from: SwapPlace,
  to: SwapPlace,
  sync: boolean,
  check: (facts: FileFacts) => boolean,
): Promise<"linked" | "absent" | "refused" | "unsupported"> {
  const { fileSystem, folders, drafts } = parts;
  return drafts.named(async (draft) => {
    try {
      const linked = await unlessAbsentSource(parts, from, draft);
      if (!linked) return "absent";
    } catch (error) {
      if (NO_LINK.has(codeOf(error) ?? "")) return "unsupported";
      throw error;
    }
    try {
      if (!check(await fileSystem.facts(draft))) return "refused";
      await folders.within(to.parent, () => fileSystem.rename(draft, to.file));
    } finally {
      await drafts.discard(draft); // Still there if `to` already was the same file.
    }
    if (sync) await folders.syncNames(to.parent);
    return "linked";
  });
}

/** Links `from` to `draft`; false if there is no such object. A missing folder of drafts is thrown. */
async function unlessAbsentSource(
  parts: SwapParts,
  from: SwapPlace,
  draft: string,
): Promise<boolean> {
  try {
    await parts.fileSystem.link(from.file, draft);
    return true;
  } catch (error) {
    if ((await unlessAbsent(parts.fileSystem.facts(from.file))) === undefined) return false;
    throw error;
  }
}
