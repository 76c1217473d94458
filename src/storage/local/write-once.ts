/**
 * Writes objects whose names are used once: chunks, manifests, snapshots, logs, backups.
 *
 * What stands under a random name is written there at once, at half the price of a draft that is
 * renamed: nothing refers to it before its put resolves, so the part that a killed process leaves
 * is garbage that no reader can reach. Of other objects nobody ever sees a part.
 */
import type { ObjectFiles } from "./compare-and-swap.ts";
import { codeOf, type FileBody, type FileFacts, unlessAbsent } from "./file-system.ts";

/** Writes a whole object, replacing one that is there. */
export async function writeWhole(
  files: ObjectFiles,
  body: FileBody,
  sync: boolean,
): Promise<FileFacts> {
  const draft = await files.drafts.write(body, { sync });
  try {
    await files.folders.within(files.parent, () => files.fileSystem.rename(draft.file, files.file));
  } catch (error) {
    await files.drafts.discard(draft.file);
    throw error;
  }
  if (sync) await files.folders.syncNames(files.parent);
  return draft.facts;
}

/** Writes a new object under its name at once; one that is there is replaced whole. */
export async function writeDirectly(
  files: ObjectFiles,
  body: FileBody,
  sync: boolean,
): Promise<FileFacts> {
  let facts: FileFacts;
  try {
    facts = await files.folders.within(files.parent, () =>
      files.fileSystem.create(files.file, body, { sync }),
    );
  } catch (error) {
    // Taken: by an attempt of the same put that failed halfway, since names are random.
    if (codeOf(error) === "EEXIST") return writeWhole(files, body, sync);
    throw error;
  }
  if (sync) await files.folders.syncNames(files.parent);
  return facts;
}

// What a platform answers where it cannot link: no links there, two devices, too many names, or one
// that is taken.
const NO_LINK: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EXDEV",
  "EMLINK",
  "EEXIST",
]);

/**
 * Gives the file of one object to another, without copying: no file is ever changed in place.
 * `check` sees what was linked and may refuse it; it is gone then.
 * Resolves to `unsupported` where files cannot be linked, or `to` is there already.
 */
export async function linkWhole(
  from: ObjectFiles,
  to: ObjectFiles,
  sync: boolean,
  check: (facts: FileFacts) => boolean,
): Promise<"linked" | "absent" | "refused" | "unsupported"> {
  const { fileSystem, folders, drafts } = to;
  try {
    const isLinked = await folders.within(to.parent, () => linkUnlessAbsent(from, to.file));
    if (!isLinked) return "absent";
  } catch (error) {
    if (NO_LINK.has(codeOf(error) ?? "")) return "unsupported";
    throw error;
  }
  // Under a name that nobody refers to yet, so it may be wrong for a moment.
  if (!check(await fileSystem.facts(to.file))) {
    await drafts.discard(to.file);
    return "refused";
  }
  if (sync) await folders.syncNames(to.parent);
  return "linked";
}

/** Links `from` to `target`; false if there is no such object. A missing folder of the target is thrown. */
async function linkUnlessAbsent(from: ObjectFiles, target: string): Promise<boolean> {
  try {
    await from.fileSystem.link(from.file, target);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    if ((await unlessAbsent(from.fileSystem.facts(from.file))) === undefined) return false;
    throw error;
  }
}
