/**
 * Writes the manifests of the arrays that a commit changes. Objects are immutable and unreferenced
 * until the publish, so writing may be repeated or abandoned freely. What an earlier attempt of
 * the same changes wrote over the same old manifests is used again.
 */

import { mapConcurrent } from "../../base/concurrency.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import { UNSPLIT } from "../../format/config/manifest.ts";
import { randomObjectId } from "../../format/ids.ts";
import { bulkRows } from "../../format/manifest/ref-columns.ts";
import {
  type RowSelection,
  type SortedRows,
  selectRows,
} from "../../format/manifest/row-selection.ts";
import type { splitSizes } from "../../format/manifest/splitting.ts";
import { encodeManifest } from "../../format/manifest/write.ts";
import type { ManifestRef } from "../../format/snapshot/array-data.ts";
import type { ManifestFileInfo } from "../../format/snapshot/read.ts";
import type { NodeState } from "../changes/change-set.ts";
import type { Layers } from "../state/layers.ts";
import type { SessionState } from "../state/state.ts";
import type { ManifestCache, WrittenManifest } from "../state/written-manifests.ts";
import { readManifestRows } from "../view/chunks.ts";
import { type ArrayNode, baseNodeOf } from "../view/nodes.ts";
import {
  type CellPlan,
  cellBox,
  dealRows,
  type ManifestPlan,
  planManifests,
} from "./manifest-cells.ts";

const loadSplittingRules = /* @__PURE__ */ lazyPart(
  () => import("../../format/manifest/splitting.ts"),
);

/** Counts for the commit report. */
interface ManifestCounts {
  written: number;
  reused: number;
  bytes: number;
}

/** What a commit's manifests are. */
interface ManifestResult {
  /** New manifest refs by node id, for arrays whose manifests changed. */
  readonly refs: ReadonlyMap<string, readonly ManifestRef[]>;
  readonly files: ReadonlyMap<string, ManifestFileInfo>;
  readonly counts: ManifestCounts;
}

const NO_MANIFEST: WrittenManifest = { ref: undefined, file: undefined };

const CELLS_UNDER_WAY_MAX = 4; // Each holds its old manifests and one encoded payload.

/** A cell to write: what its manifest is made of. */
interface CellWrite {
  readonly node: ArrayNode;
  readonly grid: readonly number[];
  readonly cell: CellPlan;
  readonly base: readonly { readonly manifestId: string; readonly rows?: SortedRows }[];
}

/** What all writes of one commit share. */
interface Writing {
  readonly state: SessionState;
  readonly layers: Layers;
  readonly manifestCache: ManifestCache;
  readonly counts: ManifestCounts;
  readonly stored: Promise<unknown>[];
  readonly signal: AbortSignal | undefined;
}

interface WriteOptions {
  /** Takes a promise for each manifest, which must be stored before the publish. */
  readonly stored: Promise<unknown>[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes what is needed for `nodes`, the arrays whose chunks or grid changed. Few manifests may still
 * be on their way to the storage then.
 */
export async function writeManifests(
  state: SessionState,
  layers: Layers,
  nodes: readonly NodeState[],
  { stored, signal }: WriteOptions,
): Promise<ManifestResult> {
  const refs = new Map<string, ManifestRef[]>();
  const files = new Map<string, ManifestFileInfo>();
  const counts: ManifestCounts = { written: 0, reused: 0, bytes: 0 };
  const { manifestCache } = state;
  const writing: Writing = { state, layers, manifestCache, counts, stored, signal };
  const cellWrites: CellWrite[] = [];
  const split = await loadSplitting(state);
  for (const node of nodes) {
    if (node.array === undefined) continue;
    const plan = planNode(writing, node as ArrayNode, split);
    refs.set(node.id, [...plan.kept]);
    counts.reused += plan.kept.length;
    cellWrites.push(...(await cellWritesOf(writing, plan)));
  }
  // Payloads of many would pile up.
  const write = cellWrites.length <= CELLS_UNDER_WAY_MAX ? beginCell : writeCell;
  const begun = await mapConcurrent(cellWrites, CELLS_UNDER_WAY_MAX, (cellWrite) =>
    write(writing, cellWrite),
  );
  cellWrites.forEach(({ node }, at) => {
    const { ref, file } = (begun[at] as BegunManifest).manifest;
    if (ref === undefined || file === undefined) return;
    refs.get(node.id)?.push(ref);
    files.set(file.id, file);
  });
  return { refs, files, counts };
}

interface NodePlan extends ManifestPlan {
  readonly node: ArrayNode;
  readonly grid: readonly number[];
  readonly splits: readonly number[];
}

/**
 * How arrays are split. Rules, whose patterns take much code, are loaded if one of them splits;
 * the default rule is for all arrays and does not.
 */
async function loadSplitting({ engine }: SessionState): Promise<typeof splitSizes> {
  const splits = engine.config.manifest.splitting.split_sizes.some(([, dimensions]) =>
    dimensions.some(({ num_chunks: count }) => count !== UNSPLIT),
  );
  if (splits) return (await loadSplittingRules()).splitSizes;
  return (_config, _path, _names, rank) => new Array<number>(rank).fill(UNSPLIT);
}

function planNode({ state, layers }: Writing, node: ArrayNode, split: typeof splitSizes): NodePlan {
  const grid = node.array.shape.map(({ chunkCount }) => chunkCount);
  const splits = split(state.engine.config, node.path, node.array.dimensionNames, grid.length);
  const rows = layers.own.chunks.get(node.id)?.forBulk();
  const changes = rows && { rows, order: rows.isAscending ? undefined : rows.sortedOrder() };
  const manifests = baseNodeOf(layers, node)?.manifests ?? [];
  return {
    ...planManifests({ grid, splitSizes: splits, manifests, changes }),
    node,
    grid,
    splits,
  };
}

/** One write per cell; the rows of scattered manifests are dealt out to their cells first. */
async function cellWritesOf(
  writing: Writing,
  { node, grid, splits, cells: planned, scattered }: NodePlan,
): Promise<CellWrite[]> {
  const dealt = new Map<string, { manifestId: string; rows: SortedRows }[]>();
  for (const { id } of scattered) {
    const old = await allRows(writing, id, node);
    if (old === undefined) continue;
    for (const [key, rows] of dealRows(old, splits, grid)) {
      const parts = dealt.get(key) ?? [];
      parts.push({ manifestId: id, rows });
      dealt.set(key, parts);
    }
  }
  const cells = new Map(planned.map((cell) => [cell.key, cell]));
  for (const key of dealt.keys()) {
    if (cells.has(key)) continue;
    cells.set(key, { key, within: cellBox(key, splits, grid), changes: undefined, sources: [] });
  }
  return [...cells.values()].map((cell) => ({
    node,
    grid,
    cell,
    base: [...cell.sources.map(({ id }) => ({ manifestId: id })), ...(dealt.get(cell.key) ?? [])],
  }));
}

/** A manifest that is being stored, or is there already. */
interface BegunManifest {
  readonly manifest: WrittenManifest;
  readonly stored?: Promise<unknown>;
}

async function writeCell(writing: Writing, cellWrite: CellWrite): Promise<BegunManifest> {
  const begun = await beginCell(writing, cellWrite);
  await begun.stored;
  return begun;
}

async function beginCell(writing: Writing, cellWrite: CellWrite): Promise<BegunManifest> {
  const { manifestCache, counts, signal } = writing;
  signal?.throwIfAborted();
  const { node, grid, cell, base } = cellWrite;
  const box = cell.within.map(({ start, end }) => `${start}-${end}`);
  const key = [node.id, box.join(), grid.join(), ...base.map(({ manifestId }) => manifestId)].join(
    "|",
  );
  const known = manifestCache.written.get(key);
  if (known !== undefined) {
    counts.reused++;
    return { manifest: known };
  }
  const baseRows: SortedRows[] = [];
  for (const { manifestId, rows } of base) {
    const old = rows ?? (await allRows(writing, manifestId, node));
    if (old !== undefined) baseRows.push(old);
  }
  const { changes, within } = cell;
  const selection = selectRows({ rank: grid.length, base: baseRows, changes, within });
  const remember = (manifest: WrittenManifest): void => {
    manifestCache.written.set(key, manifest);
  };
  if (selection.length === 0) {
    remember(NO_MANIFEST);
    return { manifest: NO_MANIFEST };
  }
  return beginManifest(writing, node.id, selection, remember);
}

async function allRows(
  { layers, state, signal }: Writing,
  manifestId: string,
  node: ArrayNode,
): Promise<SortedRows | undefined> {
  const rows = await readManifestRows(layers, state.engine.assets, manifestId, node, signal);
  return rows && { rows: bulkRows(rows) };
}

async function beginManifest(
  { state, counts, stored: allStored, signal }: Writing,
  nodeId: string,
  selection: RowSelection,
  onStored: (manifest: WrittenManifest) => void,
): Promise<BegunManifest> {
  const { assets, runtime } = state.engine;
  const id = randomObjectId(runtime);
  const { payload, extents } = await encodeManifest({ id, arrays: [{ nodeId, selection }] });
  const beginning = assets.beginManifest(id, payload, signal);
  const { sizeBytes, stored } = beginning instanceof Promise ? await beginning : beginning;
  counts.written++;
  counts.bytes += sizeBytes;
  const manifest: WrittenManifest = {
    ref: { id, extents: extents.get(nodeId) ?? [] },
    file: { id, sizeBytes, chunkRefCount: selection.length },
  };
  allStored.push(stored);
  // Who waits for all sees a failure; perhaps nobody comes so far.
  stored.then(
    () => onStored(manifest),
    () => undefined,
  );
  return { manifest, stored };
}
