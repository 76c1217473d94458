/**
 * A disk in memory with a local storage's `FileSystem` on top, for what real disks do too seldom:
 * stop before any step, fail a step, let several processes take turns step by step, and lose
 * power, forgetting what was not synced. Inode numbers are reused at once and the clock stands
 * still unless it is moved, which is the worst that versions of files can meet.
 */
import { posix } from "node:path";
import { concatBytes } from "../../src/base/bytes.ts";
import type { ByteSpan } from "../../src/storage/byte-range.ts";
import type {
  FileBody,
  FileFacts,
  FileSystem,
  FolderEntry,
} from "../../src/storage/local/file-system.ts";

interface FileNode {
  kind: "file";
  inode: bigint;
  bytes: Uint8Array;
  synced: Uint8Array | undefined;
  modifiedNs: bigint;
}

interface FolderNode {
  kind: "folder";
  entries: Map<string, FileNode | FolderNode>;
}

/** Names that change together. They are on disk for good once one of the folders is synced. */
interface NameChange {
  changes: { folder: FolderNode; name: string; node: FileNode | FolderNode | undefined }[];
  isSynced: boolean;
}

/** A step about to be made. */
export interface DiskStep {
  readonly call: string;
  readonly path: string;
  readonly to?: string | undefined;
}

/** Runs before each step; what it throws fails the step, and while it waits the step waits. */
export type Gate = (step: DiskStep) => Promise<void> | void;

/** What a power loss keeps of what was not synced: asked once per name change and per file. */
export type Keep = (what: "names" | "content") => boolean;

/** An error as the platform makes it. */
export function platformError(code: string, path: string = ""): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

export class SimulatedDisk {
  nowNs: bigint = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n; // Where simulated runtimes start.
  #root: FolderNode = { kind: "folder", entries: new Map() };
  #log: NameChange[] = [];
  #freed: bigint[] = [];
  #lastInode = 100n;

  /** A process's view of the disk. */
  mount(gate: Gate = () => {}): FileSystem {
    return new MountedDisk(this, gate);
  }

  /** Every file's path and size, `#` and random names shortened. */
  files(folder: FolderNode = this.#root, prefix: string = ""): string[] {
    return [...folder.entries].flatMap(([name, node]) =>
      node.kind === "folder" ? this.files(node, `${prefix}/${name}`) : [`${prefix}/${name}`],
    );
  }

  find(path: string): FileNode | FolderNode | undefined {
    let node: FileNode | FolderNode | undefined = this.#root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      if (node?.kind === "file") throw platformError("ENOTDIR", path);
      node = node?.entries.get(name);
    }
    return node;
  }

  mustFind(path: string): FileNode | FolderNode {
    const node = this.find(path);
    if (node === undefined) throw platformError("ENOENT", path);
    return node;
  }

  mustFindFile(path: string): FileNode {
    const node = this.mustFind(path);
    if (node.kind === "folder") throw platformError("EISDIR", path);
    return node;
  }

  /** The folder that holds `path`, and the last segment. */
  parent(path: string): { folder: FolderNode; name: string } {
    const folder = this.mustFind(posix.dirname(path));
    if (folder.kind === "file") throw platformError("ENOTDIR", path);
    return { folder, name: posix.basename(path) };
  }

  newFile(): FileNode {
    const inode = this.#freed.shift() ?? ++this.#lastInode;
    return {
      kind: "file",
      inode,
      bytes: new Uint8Array(0),
      synced: undefined,
      modifiedNs: this.nowNs,
    };
  }

  /** Changes names, at once. Inodes that lost their last name are free for the next file. */
  change(...changes: NameChange["changes"]): void {
    const before = changes.map(({ folder, name }) => folder.entries.get(name));
    for (const { folder, name, node } of changes) {
      if (node === undefined) folder.entries.delete(name);
      else folder.entries.set(name, node);
    }
    this.#log.push({ changes, isSynced: false });
    for (const node of before)
      if (node?.kind === "file" && !this.#isNamed(node, this.#root)) this.#freed.push(node.inode);
  }

  #isNamed(file: FileNode, folder: FolderNode): boolean {
    for (const node of folder.entries.values())
      if (node === file || (node.kind === "folder" && this.#isNamed(file, node))) return true;
    return false;
  }

  syncNames(folder: FolderNode): void {
    for (const change of this.#log)
      change.isSynced ||= change.changes.some((one) => one.folder === folder);
  }

  /** The disk after the power came back. */
  losePower(keep: Keep): SimulatedDisk {
    const names = new Map<FolderNode, Map<string, FileNode | FolderNode>>();
    const namesOf = (folder: FolderNode) => {
      const found = names.get(folder) ?? new Map<string, FileNode | FolderNode>();
      names.set(folder, found);
      return found;
    };
    for (const { changes, isSynced } of this.#log) {
      if (!isSynced && !keep("names")) continue;
      for (const { folder, name, node } of changes) {
        if (node === undefined) namesOf(folder).delete(name);
        else namesOf(folder).set(name, node);
      }
    }
    const after = new SimulatedDisk();
    after.nowNs = this.nowNs;
    after.#lastInode = this.#lastInode;
    const files = new Map<FileNode, FileNode>();
    const copyFile = (file: FileNode): FileNode => {
      const kept = file.synced ?? (keep("content") ? file.bytes : new Uint8Array(0));
      const copy = files.get(file) ?? { ...file, bytes: kept, synced: kept };
      files.set(file, copy);
      return copy;
    };
    const copyFolder = (from: FolderNode, to: FolderNode): void => {
      for (const [name, node] of namesOf(from)) {
        const copy: FileNode | FolderNode =
          node.kind === "file" ? copyFile(node) : { kind: "folder", entries: new Map() };
        if (node.kind === "folder") copyFolder(node, copy as FolderNode);
        to.entries.set(name, copy);
        after.#log.push({ changes: [{ folder: to, name, node: copy }], isSynced: true });
      }
    };
    copyFolder(this.#root, after.#root);
    return after;
  }
}

const factsOf = (file: FileNode): FileFacts => ({
  inode: file.inode,
  modifiedNs: file.modifiedNs,
  sizeBytes: file.bytes.length,
});

class MountedDisk implements FileSystem {
  readonly #disk: SimulatedDisk;
  readonly #gate: Gate;

  constructor(disk: SimulatedDisk, gate: Gate) {
    this.#disk = disk;
    this.#gate = gate;
  }

  async #step(call: string, path: string, to?: string): Promise<void> {
    await this.#gate({ call, path, to });
  }

  join(...segments: string[]): string {
    return posix.join(...segments);
  }

  async create(
    path: string,
    body: FileBody,
    options: { readonly sync: boolean },
  ): Promise<FileFacts> {
    await this.#step("open", path);
    const { folder, name } = this.#disk.parent(path);
    if (folder.entries.has(name)) throw platformError("EEXIST", path);
    const file = this.#disk.newFile();
    this.#disk.change({ folder, name, node: file });
    try {
      const parts: Uint8Array[] = [];
      if (body instanceof Uint8Array) parts.push(body);
      else for await (const { bytes } of body) parts.push(bytes);
      const bytes = concatBytes(parts);
      await this.#step("write", path);
      file.bytes = bytes.slice(0, bytes.length >> 1);
      await this.#step("write more", path);
      file.bytes = bytes.slice();
      file.modifiedNs = this.#disk.nowNs;
      if (options.sync) {
        await this.#step("sync", path);
        file.synced = file.bytes;
      }
    } catch (error) {
      this.#disk.change({ folder, name, node: undefined });
      throw error;
    }
    return factsOf(file);
  }

  async read(
    path: string,
    select: (sizeBytes: number) => ByteSpan,
  ): Promise<{ bytes: Uint8Array; facts: FileFacts }> {
    await this.#step("read", path);
    const file = this.#disk.mustFindFile(path);
    const { start, end } = select(file.bytes.length);
    return { bytes: file.bytes.slice(start, end), facts: factsOf(file) };
  }

  async facts(path: string): Promise<FileFacts> {
    await this.#step("facts", path);
    return factsOf(this.#disk.mustFindFile(path));
  }

  async setModified(path: string, modifiedNs: bigint): Promise<void> {
    await this.#step("setModified", path);
    this.#disk.mustFindFile(path).modifiedNs = modifiedNs;
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step("rename", from, to);
    const node = this.#disk.mustFind(from);
    const source = this.#disk.parent(from);
    const target = this.#disk.parent(to);
    const replaced = target.folder.entries.get(target.name);
    if (replaced === node) return; // POSIX: two names of one file stay.
    if (node.kind === "folder" && replaced?.kind === "file") throw platformError("ENOTDIR", to);
    if (node.kind === "file" && replaced?.kind === "folder") throw platformError("EISDIR", to);
    if (replaced?.kind === "folder" && replaced.entries.size > 0)
      throw platformError("ENOTEMPTY", to);
    this.#disk.change({ ...source, node: undefined }, { ...target, node });
  }

  async link(from: string, to: string): Promise<void> {
    await this.#step("link", from, to);
    const file = this.#disk.mustFindFile(from);
    const { folder, name } = this.#disk.parent(to);
    if (folder.entries.has(name)) throw platformError("EEXIST", to);
    this.#disk.change({ folder, name, node: file });
  }

  async unlink(path: string): Promise<void> {
    await this.#step("unlink", path);
    this.#disk.mustFindFile(path);
    this.#disk.change({ ...this.#disk.parent(path), node: undefined });
  }

  async makeFolder(path: string): Promise<void> {
    await this.#step("makeFolder", path);
    const { folder, name } = this.#disk.parent(path);
    if (folder.entries.has(name)) throw platformError("EEXIST", path);
    this.#disk.change({ folder, name, node: { kind: "folder", entries: new Map() } });
  }

  async removeFolder(path: string): Promise<void> {
    await this.#step("removeFolder", path);
    const node = this.#disk.mustFind(path);
    if (node.kind === "file") throw platformError("ENOTDIR", path);
    if (node.entries.size > 0) throw platformError("ENOTEMPTY", path);
    this.#disk.change({ ...this.#disk.parent(path), node: undefined });
  }

  async *readFolder(path: string): AsyncGenerator<FolderEntry> {
    await this.#step("readFolder", path);
    const node = this.#disk.mustFind(path);
    if (node.kind === "file") throw platformError("ENOTDIR", path);
    for (const [name, { kind }] of [...node.entries]) yield { name, kind };
  }

  async syncFolder(path: string): Promise<void> {
    await this.#step("syncFolder", path);
    const node = this.#disk.mustFind(path);
    if (node.kind === "folder") this.#disk.syncNames(node);
  }
}
