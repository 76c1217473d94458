/**
 * A snapshot with its lookups: nodes by path and id, manifests by id.
 *
 * Files written by others may hold nodes in any order and even one path twice (an engine bug),
 * so nothing here relies on the stored order; the first node of a path counts.
 */
import { compareUtf8 } from "../base/bytes.ts";
import { firstPosition } from "../base/first-position.ts";
import { childEntries, entriesBelow } from "../format/path-runs.ts";
import type { ManifestFileInfo, NodeSnapshot, Snapshot } from "../format/snapshot/read.ts";

/** Lookups over one snapshot. Immutable; shared by all sessions at that snapshot. */
export interface SnapshotIndex {
  readonly snapshot: Snapshot;
  /** The node at a canonical absolute path. */
  node(path: string): NodeSnapshot | undefined;
  nodeById(id: string): NodeSnapshot | undefined;
  manifestFile(id: string): ManifestFileInfo | undefined;
  /** The node at `path`, if any, then all below it, sorted by the UTF-8 bytes of the path. */
  nodesUnder(path: string): Iterable<NodeSnapshot>;
  /** The nodes right below `path`, sorted likewise; costs as much as they are many. */
  children(path: string): Iterable<NodeSnapshot>;
}

/** Indexes a snapshot; each lookup table is built when first asked for. */
export function indexSnapshot(snapshot: Snapshot): SnapshotIndex {
  const byPath = lazy(() => firstBy(snapshot.nodes, (node) => node.path));
  const byId = lazy(() => firstBy(snapshot.nodes, (node) => node.id));
  const manifests = lazy(() => firstBy(snapshot.manifestFiles, (file) => file.id));
  const sorted = lazy(() => sortNodes(snapshot.nodes));
  function* nodesFrom(path: string): Iterable<NodeSnapshot> {
    const nodes = sorted();
    const isReached = (at: number): boolean =>
      compareUtf8((nodes[at] as NodeSnapshot).path, path) >= 0;
    const start = firstPosition(0, nodes.length, isReached);
    for (let at = start; at < nodes.length; at++) yield nodes[at] as NodeSnapshot;
  }
  return {
    snapshot,
    node: (path) => byPath().get(path),
    nodeById: (id) => byId().get(id),
    manifestFile: (id) => manifests().get(id),
    *nodesUnder(path) {
      const top = byPath().get(path);
      if (top !== undefined) yield top;
      yield* entriesBelow(path, nodesFrom);
    },
    children: (path) => childEntries(path, nodesFrom),
  };
}

function lazy<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => {
    value ??= { made: make() };
    return value.made;
  };
}

function firstBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (!map.has(key)) map.set(key, item);
  }
  return map;
}

function sortNodes(nodes: readonly NodeSnapshot[]): readonly NodeSnapshot[] {
  const isSorted = nodes.every((node, at) => {
    const previous = nodes[at - 1];
    return previous === undefined || compareUtf8(previous.path, node.path) <= 0;
  });
  return isSorted ? nodes : [...nodes].sort((a, b) => compareUtf8(a.path, b.path));
}
