/**
 * Files being written: whole objects under random names in `.icefloe/tmp`, from where they are
 * renamed or linked to their place. Names start with the time, so that what a killed process
 * left can be told by age without opening it.
 */
import { hexOf } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import type { Runtime } from "../../base/runtime.ts";
import { RESERVED_FOLDER } from "../object-path.ts";
import {
  codeOf,
  type FileBody,
  type FileFacts,
  type FileSystem,
  unlessAbsent,
} from "./file-system.ts";
import { type Folders, readNames } from "./folders.ts";

/** A written file that has no place yet. */
export interface Draft {
  readonly file: string;
  readonly facts: FileFacts;
}

/** Where drafts are written. */
export interface Drafts {
  /** Writes a new file with a modification time above `laterThanNs`; if it fails, none. */
  write(
    body: FileBody,
    options: { readonly sync: boolean; readonly laterThanNs?: bigint | undefined },
  ): Promise<Draft>;
  /** A fresh name, for `use` to make as a file or folder; it may run again, with another name. */
  named<T>(use: (path: string) => Promise<T>): Promise<T>;
  /** Removes a file that came to nothing. Never rejects: what cannot be removed is swept later. */
  discard(file: string): Promise<void>;
  /** Removes what was left here more than an hour ago, at most 1,000 entries. */
  sweep(): Promise<void>;
}

/** A draft older than this belongs to a process that died: no single write takes an hour. */
export const LEFTOVER_AGE_MICROS: number = 3600 * 1e6;
const SWEEP_ENTRIES_MAX = 1000;
const NAME_TURNS_MAX = 100; // Processes cloned with the state of their dice draw the same names.
// How far a modification time is moved to be later than another: platforms keep 1 ns to 2 s.
const STAMP_STEPS_NS = [1_000n, 1_000_000n, 1_000_000_000n, 4_000_000_000n];

/** The drafts of the storage at `root`. */
export function createDrafts(
  fileSystem: FileSystem,
  folders: Folders,
  root: string,
  runtime: Runtime,
): Drafts {
  const folder = fileSystem.join(root, RESERVED_FOLDER, "tmp");
  /** Runs `use` with a name that nobody has; another one if the dice repeat themselves. */
  const withFreshName = async <T>(use: (path: string) => Promise<T>): Promise<T> => {
    for (let turn = 1; ; turn++) {
      const name = `${runtime.nowMicros().toString(36)}.${hexOf(runtime.randomBytes(8))}`;
      try {
        return await use(fileSystem.join(folder, name));
      } catch (error) {
        if (codeOf(error) !== "EEXIST" || turn === NAME_TURNS_MAX) throw error;
      }
    }
  };
  const discard = (file: string): Promise<void> => fileSystem.unlink(file).catch(() => undefined); // It holds nothing that anyone refers to.

  const stamp = async ({ file, facts }: Draft, laterThanNs: bigint): Promise<Draft> => {
    let stamped = facts;
    for (const step of STAMP_STEPS_NS) {
      if (stamped.modifiedNs > laterThanNs) break;
      await fileSystem.setModified(file, laterThanNs + step);
      stamped = await fileSystem.facts(file);
    }
    if (stamped.modifiedNs > laterThanNs) return { file, facts: stamped };
    throw makeError("condition-not-supported", "the file system keeps no modification times", {
      details: { file },
    });
  };

  /** A folder of a half-made swap folder holds files only. */
  const removeLeftover = async (path: string): Promise<void> => {
    const names = await readNames(fileSystem, path);
    if (names === undefined) return discard(path);
    for (const name of names) await discard(fileSystem.join(path, name));
    await unlessAbsent(fileSystem.removeFolder(path));
  };

  return {
    discard,
    named: (use) => folders.within(folder, () => withFreshName(use)),
    write: (body, { sync, laterThanNs }) =>
      folders.within(folder, async () => {
        const { file, facts } = await withFreshName(async (path) => ({
          file: path,
          facts: await fileSystem.create(path, body, { sync }),
        }));
        if (laterThanNs === undefined) return { file, facts };
        try {
          return await stamp({ file, facts }, laterThanNs);
        } catch (error) {
          await discard(file);
          throw error;
        }
      }),
    async sweep() {
      const oldest = runtime.nowMicros() - LEFTOVER_AGE_MICROS;
      let seen = 0;
      for (const name of (await readNames(fileSystem, folder)) ?? []) {
        if (seen++ === SWEEP_ENTRIES_MAX) return;
        const writtenMicros = Number.parseInt(name, 36);
        if (writtenMicros < oldest) await removeLeftover(fileSystem.join(folder, name));
      }
    },
  };
}
