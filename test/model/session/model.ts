/**
 * What sessions, forks and repositories are, as a small program: maps of paths and chunks per
 * snapshot, and for every write a number, so that each state knows by number all it has seen.
 * Written from the documented behaviour, without versions, dots, tables or manifests.
 */

/** A zarr.json: its text, and what the engine must understand of it. */
export interface Metadata {
  readonly type: "group" | "array";
  readonly text: string;
  /** Chunks per dimension; [] for groups. */
  readonly grid: readonly number[];
  /** What chunks are bytes of: equal for equal type, chunk shape, fill value and codecs. */
  readonly meaning: string;
}

/** A node keeps its id while it is updated, and gets a new one when it is made anew. */
export interface ModelNode {
  readonly id: number;
  readonly metadata: Metadata;
}

/** Bytes that stand in the manifest are equal if their text is; an object of its own never is. */
export interface ModelChunk {
  readonly text: string;
  /** A number of its own for a chunk that is an object. */
  readonly object?: number | undefined;
}

/** A write of a node; without one: a deletion. */
export interface NodeWrite {
  readonly number: number;
  readonly node?: ModelNode | undefined;
}

/** A write of a chunk; without one: a deletion. */
export interface ChunkWrite {
  readonly number: number;
  readonly nodeId: number;
  readonly at: readonly number[];
  readonly chunk?: ModelChunk | undefined;
}

/** Writes by path, and by node and coordinates: the last one counts. */
export interface Writes {
  readonly nodes: Map<string, NodeWrite>;
  readonly chunks: Map<string, ChunkWrite>;
}

/** What one commit did. */
export interface ModelLog {
  readonly made: ReadonlySet<number>;
  readonly deleted: ReadonlySet<number>;
  readonly updated: ReadonlySet<number>;
  /** Coordinates written or deleted, by node. */
  readonly chunks: ReadonlyMap<number, ReadonlyMap<string, readonly number[]>>;
}

/** A version. Chunks by node and coordinates; all of them in the grids. */
export interface ModelSnapshot {
  readonly parent: string | undefined;
  readonly nodes: ReadonlyMap<string, ModelNode>;
  readonly chunks: ReadonlyMap<string, ModelChunk>;
  readonly log: ModelLog;
}

/** A session or fork. */
export interface ModelState {
  readonly kind: "session" | "fork";
  readonly branch: string | undefined;
  base: string;
  readonly overlay: Writes;
  own: Writes;
  /** Numbers of all writes that this state holds or held. */
  seen: Set<number>;
  /** What a receiver must have seen. */
  readonly need: ReadonlySet<number>;
  isFinished: boolean;
}

export const chunkKeyOf = (nodeId: number, at: readonly number[]): string => `${nodeId}:${at}`;
export const noWrites = (): Writes => ({ nodes: new Map(), chunks: new Map() });

/** Whether the coordinates lie in the grid, one per dimension. */
export function isInside(at: readonly number[], grid: readonly number[]): boolean {
  return at.length === grid.length && at.every((c, d) => c < (grid[d] as number));
}

/** The path of what contains `path`; `undefined` for the root. */
export function parentOf(path: string): string | undefined {
  return path === "/" ? undefined : path.slice(0, path.lastIndexOf("/")) || "/";
}

export function isBelow(path: string, ancestor: string): boolean {
  return path !== ancestor && path.startsWith(ancestor === "/" ? "/" : `${ancestor}/`);
}

/** The repository: versions by id, names, and what its sessions see. */
export class Model {
  readonly snapshots = new Map<string, ModelSnapshot>();
  readonly branches = new Map<string, string>();
  readonly tags = new Map<string, string>();
  readonly deletedTags = new Set<string>();
  #numbers = 0;

  number(): number {
    return this.#numbers++;
  }

  snapshot(id: string): ModelSnapshot {
    const snapshot = this.snapshots.get(id);
    if (snapshot === undefined) throw new Error(`the model has no snapshot ${id}`);
    return snapshot;
  }

  open(branch: string): ModelState {
    const base = this.branches.get(branch);
    if (base === undefined) throw new Error(`the model has no branch ${branch}`);
    return {
      kind: "session",
      branch,
      base,
      overlay: noWrites(),
      own: noWrites(),
      seen: new Set(),
      need: new Set(),
      isFinished: false,
    };
  }

  /** Snapshots from `id` back to the first. */
  ancestry(id: string): string[] {
    const chain: string[] = [];
    for (let at: string | undefined = id; at !== undefined; at = this.snapshot(at).parent) {
      chain.push(at);
    }
    return chain;
  }

  nodes({ base, overlay, own }: ModelState): Map<string, ModelNode> {
    const nodes = new Map(this.snapshot(base).nodes);
    for (const writes of [overlay, own]) {
      for (const [path, { node }] of writes.nodes) {
        if (node === undefined) nodes.delete(path);
        else nodes.set(path, node);
      }
    }
    return nodes;
  }

  node(state: ModelState, path: string): ModelNode | undefined {
    return this.nodes(state).get(path);
  }

  /** All chunks that can be read, by node and coordinates. */
  chunks(state: ModelState): Map<string, ModelChunk> {
    const { base, overlay, own } = state;
    const all = new Map<string, ModelChunk | undefined>(this.snapshot(base).chunks);
    for (const writes of [overlay, own]) {
      for (const [key, { chunk }] of writes.chunks) all.set(key, chunk);
    }
    const visible = new Map<string, ModelChunk>();
    const grids = new Map(
      [...this.nodes(state).values()].map(({ id, metadata }) => [id, metadata] as const),
    );
    for (const [key, chunk] of all) {
      const { nodeId, at } = parseChunkKey(key);
      const metadata = grids.get(nodeId);
      if (chunk === undefined || metadata?.type !== "array") continue;
      if (isInside(at, metadata.grid)) visible.set(key, chunk);
    }
    return visible;
  }

  /** What the store shows: values by key. */
  content(state: ModelState): Record<string, string> {
    return contentOf(this.nodes(state), this.chunks(state));
  }

  contentOfSnapshot(id: string): Record<string, string> {
    const { nodes, chunks } = this.snapshot(id);
    return contentOf(nodes, chunks);
  }

  /** Of a fork: what it has changed itself, a deletion of what its parent made included. */
  hasChanges({ base, overlay, own }: ModelState): boolean {
    if (own.chunks.size > 0) return true;
    const before = this.snapshot(base).nodes;
    const isThere = (path: string): boolean =>
      before.has(path) || overlay.nodes.get(path)?.node !== undefined;
    return [...own.nodes].some(([path, { node }]) => node !== undefined || isThere(path));
  }
}

export function parseChunkKey(key: string): { nodeId: number; at: number[] } {
  const [nodeId, at] = key.split(":") as [string, string];
  return { nodeId: Number(nodeId), at: at === "" ? [] : at.split(",").map(Number) };
}

function contentOf(
  nodes: ReadonlyMap<string, ModelNode>,
  chunks: ReadonlyMap<string, ModelChunk>,
): Record<string, string> {
  const content: Record<string, string> = {};
  const pathOfId = new Map<number, string>();
  for (const [path, { id, metadata }] of nodes) {
    content[path === "/" ? "zarr.json" : `${path.slice(1)}/zarr.json`] = metadata.text;
    pathOfId.set(id, path);
  }
  for (const [key, { text }] of chunks) {
    const { nodeId, at } = parseChunkKey(key);
    const path = pathOfId.get(nodeId);
    if (path !== undefined) content[[path.slice(1), "c", ...at].join("/")] = text;
  }
  return content;
}
