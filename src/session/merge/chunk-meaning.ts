/**
 * Where one side changed an array's metadata and the other, not knowing, wrote chunks of it: the
 * chunks must still mean what they were written to mean, and lie in the resulting grid. Every write
 * counts, also one that a policy will drop: so it makes no difference which fork is merged first.
 * Spec: docs/semantics.md "Forks and merges".
 */
import { readCoordinates } from "../../format/manifest/row-values.ts";
import { ChunkCoordinates, ERROR_COORDINATES_MAX } from "../changes/chunk-coordinates.ts";
import type { Dot } from "../changes/dot.ts";
import { arraySignature } from "../changes/node-metadata.ts";
import { assertArray, assertRowsInGrid, assertWrittenUnder } from "../fork/check.ts";
import { signatureUnder, type WrittenUnder } from "../fork/written-under.ts";
import { isInGrid } from "../view/chunks.ts";
import { changeAt, nodeAt } from "../view/nodes.ts";
import { isHidden, type MergeRun, receiverRows, type VisibleRows } from "./merge-run.ts";
import { mergeFailed } from "./refusals.ts";

/**
 * Checks what both sides wrote against the nodes as they become, before any chunk is merged.
 * @throws {merge-failed} @throws {invalid-fork-bytes}
 */
export function assertChunksKeepMeaning(run: MergeRun): void {
  const { fork, target, before } = run;
  for (const [nodeId, table] of fork.own.chunks) {
    const written = fork.writtenUnder.get(nodeId);
    if (written === undefined) continue; // No chunks.
    const change = changeAt(before, written.path);
    const node = nodeAt(before, written.path);
    const isUnseen = change !== undefined && !run.isSeen(change.dot);
    if (isUnseen && node?.id === nodeId) {
      const rows = { table, hiding: undefined, isSeen: run.isKnown };
      assertChunksFit(run, written, rows);
    } else if (!isUnseen && !fork.own.nodes.has(written.path)) {
      // Both sides have the array as it is here.
      const array = assertArray(table, node, nodeId);
      assertWrittenUnder(written, array, target.base);
      assertRowsInGrid(table, array, target.base);
    }
  }
  for (const { path, node, dot } of fork.own.nodes.values()) {
    if (node?.array === undefined || run.isKnown(dot)) continue;
    const present = nodeAt(before, path);
    if (present?.id !== node.id) continue;
    const written = { path, signature: arraySignature(present) };
    for (const rows of receiverRows(run, node.id)) {
      assertChunksFit(run, written, { ...rows, isSeen: run.isSeen });
    }
  }
}

/** Rows of one side, those left out that the other side has seen. */
interface WrittenRows extends VisibleRows {
  readonly isSeen: (write: Dot) => boolean;
}

function assertChunksFit(run: MergeRun, written: WrittenUnder, rows: WrittenRows): void {
  const result = nodeAt(run.after, written.path);
  if (result?.array === undefined) return;
  const hasSameMeaning = signatureUnder(written, run.target.base) === arraySignature(result);
  const { table, isSeen } = rows;
  const outside: number[] = [];
  const coordinates = new Uint32Array(table.rank);
  let unseenCount = 0;
  for (let row = 0; row < table.length; row++) {
    if (isSeen(table.dot(row)) || isHidden(rows, row)) continue;
    unseenCount++;
    readCoordinates(table, row, coordinates);
    if (hasSameMeaning && isInGrid(coordinates, result.array.shape)) continue;
    if (outside.length < ERROR_COORDINATES_MAX * table.rank) outside.push(...coordinates);
  }
  if (unseenCount === 0 || (hasSameMeaning && outside.length === 0)) return;
  const count = table.rank === 0 ? 1 : outside.length / table.rank;
  throw mergeFailed(
    [written.path],
    "one side changed the metadata, the other wrote chunks that no longer fit:",
    { chunkCoordinates: new ChunkCoordinates(table.rank, count, Uint32Array.from(outside)) },
  );
}
