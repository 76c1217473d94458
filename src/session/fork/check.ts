/**
 * Whether what fork bytes say can be: that their nodes and chunks belong to the base and to each
 * other. A checksum finds damage; this finds what a faulty or hostile writer made.
 */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { type ErrorDetails, makeError } from "../../base/errors.ts";
import { readCoordinates } from "../../format/manifest/row-values.ts";
import type { NodeChange, NodeState } from "../changes/change-set.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import { arraySignature } from "../changes/node-metadata.ts";
import type { Layers } from "../state/layers.ts";
import { areInGrid, isInGrid } from "../view/chunks.ts";
import { type ArrayNode, baseNodeOf, nodeAt } from "../view/nodes.ts";
import type { ForkContent } from "./bytes.ts";
import { layersOfBase, signatureUnder, type WrittenUnder } from "./written-under.ts";

/**
 * Checks decoded bytes against the base that they name. The chunks of arrays that an omitted
 * overlay hides are left to the merge, whose receiver has it.
 * @throws {invalid-fork-bytes}
 */
export function assertFitsBase(fork: ForkContent, base: SnapshotIndex): void {
  const { overlay, own } = fork;
  const bottom = layersOfBase(base);
  const below: Layers = { ...bottom, overlay };
  for (const change of overlay.nodes.values()) assertChangeFits(change, bottom);
  for (const change of own.nodes.values()) assertChangeFits(change, below);
  assertDistinctIds([...overlay.nodes.values(), ...own.nodes.values()]);
  for (const [id, table] of overlay.chunks) {
    const path = base.nodeById(id)?.path ?? overlay.nodes.pathOf(id);
    const array = assertArray(table, path === undefined ? undefined : nodeAt(below, path), id);
    if (!overlay.nodes.has(array.path)) assertRowsInGrid(table, array, base);
  }
  for (const [id, table] of own.chunks) {
    const written = fork.writtenUnder.get(id) as WrittenUnder;
    if (fork.overlayOmitted === true && !own.nodes.has(written.path)) continue;
    const array = assertArray(table, nodeAt({ base, overlay, own }, written.path), id);
    assertWrittenUnder(written, array, base);
    if (!own.nodes.has(array.path)) assertRowsInGrid(table, array, base);
  }
}

/** What a change says of the base is true, and its node is new or the one below, of the same kind. */
function assertChangeFits({ path, base: named, node }: NodeChange, below: Layers): void {
  const { base } = below;
  const inBase = base.node(path);
  if (inBase?.id !== named?.id || inBase?.data.type !== named?.type) {
    throw garbled(`${path} is not what the base has there`, { path });
  }
  if (node === undefined) return;
  const present = nodeAt(below, path);
  if (present?.id === node.id) assertSameKind(present, node);
  else if (base.nodeById(node.id) !== undefined) {
    throw garbled(`${path} has the id of another node`, { path });
  }
}

/** An update keeps type and rank. @throws {invalid-fork-bytes} */
export function assertSameKind(before: NodeState, after: NodeState): void {
  const rank = before.array?.shape.length;
  if (before.type === after.type && rank === after.array?.shape.length) return;
  throw garbled(`${after.path} is an update of a node of another kind`, { path: after.path });
}

/** No node changes its path, from layer to layer neither. */
function assertDistinctIds(changes: readonly NodeChange[]): void {
  const paths = new Map<string, string>();
  for (const { path, node } of changes) {
    if (node === undefined) continue;
    const known = paths.get(node.id) ?? path;
    if (known !== path) throw garbled(`${path} has the id of another node`, { path });
    paths.set(node.id, path);
  }
}

/** The array that the chunks belong to. @throws {invalid-fork-bytes} */
export function assertArray(
  { rank }: ChunkTable,
  node: NodeState | undefined,
  id: string,
): ArrayNode {
  if (node?.id === id && node.array?.shape.length === rank) return node as ArrayNode;
  throw garbled(`chunks belong to ${id}, which is no array of rank ${rank}`, { nodeId: id });
}

/** The chunks were written under the array's present metadata. @throws {invalid-fork-bytes} */
export function assertWrittenUnder(
  written: WrittenUnder,
  array: ArrayNode,
  base: SnapshotIndex,
): void {
  const { path } = written;
  if (path === array.path && signatureUnder(written, base) === arraySignature(array)) return;
  throw garbled(`chunks of ${path} were written under metadata that it never had`, { path });
}

/**
 * Chunks of an array whose metadata the writer left alone lie in its grid, or in that of the base:
 * what a shrink has put outside can be deleted. @throws {invalid-fork-bytes}
 */
export function assertRowsInGrid(table: ChunkTable, array: ArrayNode, base: SnapshotIndex): void {
  const { rank, length } = table;
  const { shape } = array.array;
  if (areInGrid({ rank, count: length, data: table.sortedCoordinates() }, shape)) return;
  const baseShape = baseNodeOf({ base }, array)?.shape ?? [];
  const coordinates = new Uint32Array(rank);
  for (let row = 0; row < length; row++) {
    readCoordinates(table, row, coordinates);
    if (isInGrid(coordinates, shape) || isInGrid(coordinates, baseShape)) continue;
    const { path } = array;
    throw garbled(`${path} has no chunk [${coordinates}]`, { path });
  }
}

/** The error for what no fork can have written. */
export function garbled(what: string, details: ErrorDetails): Error {
  return makeError("invalid-fork-bytes", `fork bytes make no sense: ${what}`, { details });
}
