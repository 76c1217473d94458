/** Where objects stand on disk. */

import { escapeSegment } from "../key-escaping.ts";
import { checkObjectPath, RESERVED_FOLDER } from "../object-path.ts";
import type { ObjectFiles, SwapParts } from "./compare-and-swap.ts";

/** Names the files of the objects below `root`; `ObjectFiles` made by it are cheap. */
export class ObjectNames {
  readonly #parts: SwapParts;
  readonly #root: string;
  /** Most objects stand beside the one before. */
  #latest = { folder: "", parent: "" };

  constructor(root: string, parts: SwapParts) {
    this.#parts = parts;
    this.#root = root;
    this.#latest.parent = root;
  }

  /** @throws {invalid-path} */
  filesOf(path: string): ObjectFiles {
    checkObjectPath(path);
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (folder !== this.#latest.folder) {
      const segments = folder.split("/").map(escapeSegment);
      this.#latest = { folder, parent: this.#parts.fileSystem.join(this.#root, ...segments) };
    }
    return new NamedFiles(this.#parts, this.#root, path, this.#latest.parent, folder.length);
  }
}

class NamedFiles implements ObjectFiles {
  readonly fileSystem: SwapParts["fileSystem"];
  readonly folders: SwapParts["folders"];
  readonly drafts: SwapParts["drafts"];
  readonly runtime: SwapParts["runtime"];
  readonly settled: SwapParts["settled"];
  readonly path: string;
  readonly parent: string;
  readonly file: string;
  readonly #root: string;

  constructor(parts: SwapParts, root: string, path: string, parent: string, nameAt: number) {
    this.fileSystem = parts.fileSystem;
    this.folders = parts.folders;
    this.drafts = parts.drafts;
    this.runtime = parts.runtime;
    this.settled = parts.settled;
    this.path = path;
    this.parent = parent;
    this.file = parts.fileSystem.join(parent, escapeSegment(path.slice(nameAt)));
    this.#root = root;
  }

  // `#` is escaped in names, so no object's folder is another's parent.
  get tokens(): string {
    const segments = this.path.split("/").map(escapeSegment);
    return `${this.fileSystem.join(this.#root, RESERVED_FOLDER, "tokens", ...segments)}#`;
  }
}
