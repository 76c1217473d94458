/**
 * Creates an object unless it is there, by a hard link from a finished draft: exclusive against
 * every writer, the official engine included, and visible only whole.
 */
import { makeError } from "../../base/errors.ts";
import type { Abortable } from "../../base/options.ts";
import type { PutOutcome } from "../port.ts";
import { CONDITION_FAILED, exists, type ObjectFiles, settle } from "./compare-and-swap.ts";
import type { Draft } from "./drafts.ts";
import { codeOf, isAbsent, unlessAbsent } from "./file-system.ts";
import { modifiedNsOf, versionOf } from "./file-version.ts";
import { unknownOutcome } from "./io-errors.ts";

// EPERM is what Linux says of a link on FAT, and of one that a policy forbids.
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);
const REFUSED: ReadonlySet<string> = new Set(["EACCES", "EROFS", "ENOSPC", "EDQUOT", "EXDEV"]);

/** Puts `body` if there is no object; `condition-not-supported` where files cannot be linked. */
export async function createOnly(
  files: ObjectFiles,
  body: Uint8Array,
  options: Abortable & { readonly sync: boolean },
): Promise<PutOutcome> {
  const token = await settle(files);
  if (await exists(files, files.file)) return CONDITION_FAILED;
  options.signal?.throwIfAborted();
  // A token outlives its object: the versions of one created anew keep rising past it.
  const laterThanNs = token === undefined ? undefined : modifiedNsOf(token);
  const draft = await files.drafts.write(body, { sync: options.sync, laterThanNs });
  try {
    if (!(await linkNew(files, draft))) return CONDITION_FAILED;
  } finally {
    await files.drafts.discard(draft.file);
  }
  try {
    if (options.sync) await files.folders.syncNames(files.parent);
  } catch (error) {
    throw unknownOutcome(files.path, "it is written, but its name could not be synced", error);
  }
  return { outcome: "written", version: versionOf(draft.facts) };
}

async function linkNew(files: ObjectFiles, draft: Draft): Promise<boolean> {
  const { fileSystem, folders } = files;
  try {
    await folders.within(files.parent, () => fileSystem.link(draft.file, files.file));
    return true;
  } catch (error) {
    const code = codeOf(error) ?? "";
    if (code === "EEXIST") {
      // A network file system may repeat a link whose reply was lost, and then finds its own.
      const found = await unlessAbsent(fileSystem.facts(files.file));
      return found?.inode === draft.facts.inode;
    }
    if (NO_LINKS.has(code)) {
      throw makeError("condition-not-supported", `put of ${files.path}: files cannot be linked`, {
        details: { path: files.path, code },
        cause: error,
      });
    }
    if (isAbsent(error) || REFUSED.has(code)) throw error;
    throw unknownOutcome(files.path, "the file system did not say whether it happened", error);
  }
}
