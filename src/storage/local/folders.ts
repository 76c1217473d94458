/**
 * Folders made on first need, and their names synced. Syncs of one folder are joined: whoever
 * asks while one runs waits for the next, which then serves all who wait.
 */
import { codeOf, type FileSystem, unlessAbsent } from "./file-system.ts";

const FOLDER_DEPTH_MAX = 4096; // No platform has longer paths; ends the climb to a parent.

/** Makes and syncs the folders of one storage. */
export interface Folders {
  /** Makes `folder` and its parents where missing. */
  ensure(folder: string): Promise<void>;
  /** Runs `step`, which needs `folder`; if it fails for want of it, makes the folder and runs it again. */
  within<T>(folder: string, step: () => Promise<T>): Promise<T>;
  /** Makes the names in `folder`, and its own name up to the root's, survive a power loss. */
  syncNames(folder: string): Promise<void>;
}

interface FolderSync {
  readonly running: Promise<void>;
  next?: Promise<void>;
}

/** The folders below `root`, which itself is made when first needed. */
export function createFolders(fileSystem: FileSystem, root: string): Folders {
  const syncs = new Map<string, FolderSync>();
  const anchored = new Set<string>(); // Folders whose own names are known to be synced.
  const holdNewFolders = new Map<string, number>(); // Folders in which this storage made others.
  let foldersMade = 0;

  const parentOf = (folder: string): string => fileSystem.join(folder, "..");

  const makeOne = async (folder: string): Promise<void> => {
    try {
      await fileSystem.makeFolder(folder);
      holdNewFolders.set(parentOf(folder), ++foldersMade);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  };

  const ensure = async (folder: string): Promise<void> => {
    const missing = [folder];
    const climbed = new Set<string>();
    while (missing.length > 0 && missing.length < FOLDER_DEPTH_MAX) {
      const next = missing.at(-1) as string;
      try {
        await makeOne(next);
        missing.pop();
      } catch (error) {
        // Its parent is there, and still it can't be made: a link to nowhere, a folder of the system.
        const isHopeless = climbed.has(next) || parentOf(next) === next;
        if (codeOf(error) !== "ENOENT" || isHopeless) throw error;
        climbed.add(next);
        missing.push(parentOf(next));
      }
    }
  };

  const syncOne = (folder: string): Promise<void> => {
    const sync = syncs.get(folder);
    if (sync === undefined) return startSync(folder);
    sync.next ??= sync.running.then(
      () => startSync(folder),
      () => startSync(folder), // Each sync reports its own failure to its own waiters.
    );
    return sync.next;
  };

  const startSync = (folder: string): Promise<void> => {
    const running = fileSystem.syncFolder(folder);
    const sync: FolderSync = { running };
    syncs.set(folder, sync);
    const forget = (): void => {
      if (sync.next === undefined && syncs.get(folder) === sync) syncs.delete(folder);
    };
    running.then(forget, forget);
    return running;
  };

  return {
    ensure,
    async within(folder, step) {
      try {
        return await step();
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw error;
        await ensure(folder);
        return await step();
      }
    },
    async syncNames(folder) {
      const pending = [...holdNewFolders];
      const due = new Set([folder, ...pending.map(([holder]) => holder)]);
      for (let at = folder; at !== root && parentOf(at) !== at; ) {
        at = parentOf(at);
        if (!anchored.has(folder)) due.add(at);
      }
      await Promise.all([...due].map(syncOne));
      for (const [holder, made] of pending)
        if (holdNewFolders.get(holder) === made) holdNewFolders.delete(holder);
      anchored.add(folder);
    },
  };
}

/** The names in `folder`, or `undefined` if there is no such folder. */
export async function readNames(
  fileSystem: FileSystem,
  folder: string,
): Promise<string[] | undefined> {
  const names: string[] = [];
  const read = async (): Promise<string[]> => {
    for await (const entry of fileSystem.readFolder(folder)) names.push(entry.name);
    return names;
  };
  return unlessAbsent(read());
}
