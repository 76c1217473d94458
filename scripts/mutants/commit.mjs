/** Planted bugs in committing: [file, what stands there, what the bug says]. */
const COMMIT = "src/session/commit/commit.ts";
const CONTENT = "src/session/commit/content.ts";
const CELLS = "src/session/commit/manifest-cells.ts";
const MANIFESTS = "src/session/commit/write-manifests.ts";
const PUBLISH = "src/session/commit/publish.ts";

export const COMMIT_MUTANTS = [
  [COMMIT, "if (!haveSameTables(state.own, own)) state.revision++;", ""],
  [COMMIT, "Object.assign(state, { baseId, base, own });", ""],
  [COMMIT, "state.unsettled = [...state.unsettled, unsettled];", ""],
  [COMMIT, "state.own = changeSetOf();", ""],
  [COMMIT, 'run.mode !== "flush" && !run.allowEmpty', 'run.mode !== "flush"'],
  [COMMIT, "progress.attempts < run.attemptsMax", "progress.attempts <= run.attemptsMax"],
  [COMMIT, "if (state.manifestCache.revision !== state.revision) {", "if (false) {"],
  [COMMIT, "Math.max(nowMicros, parentMicros + 1)", "nowMicros"],
  [COMMIT, "return { ...mergeTransactionLogs(replaced, log), id: log.id };", "return log;"],
  [COMMIT, "repo.snapshots.has(id);\n  try", "true;\n  try"],
  [COMMIT, "if (earlier?.revision === progress.revision) return earlier.snapshotId;", ""],
  [COMMIT, "{ ...state.commitMetadata, ...run.metadata }", "{ ...run.metadata }"],
  [CONTENT, "if (!hasSameGrid) found.set(node.id, node);", ""],
  [CONTENT, "chunkCount === after[d]?.chunkCount", "true"],
  [CONTENT, "if (changed.has(node.path)) continue;", ""],
  [CONTENT, "baseNodeOf(layers, node)?.manifests ?? []", "[]"],
  [
    CONTENT,
    "base !== undefined && base.id !== node?.id",
    "base !== undefined && node === undefined",
  ],
  [CONTENT, "base?.id === node.id ?", "base !== undefined ?"],
  [CONTENT, "if (!isInGrid(coordinates, shape)) continue;", ""],
  [CONTENT, "return node?.id === nodeId ? node : undefined;", "return node;"],
  [CELLS, "if (ref.extents.some(({ end }, d) => end > (grid[d] as number))) return true;", ""],
  [CELLS, "if (boxes.some((other) => boxesMeet(box, other))) return true;", ""],
  [CELLS, "Math.floor(coordinate / (splitSizes[d] as number))", "coordinate"],
  [CELLS, "first !== Math.floor((end - 1) / size)", "first !== Math.floor(end / size)"],
  [CELLS, "end: Math.ceil(end / size) * size", "end"],
  [
    "src/base/coordinates.ts",
    "start < other.end && other.start < end",
    "start <= other.end && other.start < end",
  ],
  [CELLS, "if (coordinate >= (grid[d] as number)) return undefined;", ""],
  [CELLS, "end: Math.min(count, start + size)", "end: start + size - 1"],
  [
    CELLS,
    "if (box === undefined) continue; // Wholly",
    "if (box !== undefined) continue; // Wholly",
  ],
  [MANIFESTS, "refs.set(node.id, [...plan.kept]);", "refs.set(node.id, []);"],
  [MANIFESTS, "...(dealt.get(cell.key) ?? [])", ""],
  [MANIFESTS, "if (cells.has(key)) continue;", ""],
  [MANIFESTS, "manifestCache.written.set(key, manifest);", ""],
  [
    MANIFESTS,
    "  return { manifest, stored };",
    "  onStored(manifest);\n  return { manifest, stored };",
  ],
  [COMMIT, "    ...progress.stored,\n", ""],
  [MANIFESTS, "box.join(), grid.join(), ...base", "...base"],
  [MANIFESTS, "chunkRefCount: selection.length", "chunkRefCount: 0"],
  [PUBLISH, "if (branch !== undefined) assertTip(repo, branch, baseId);", ""],
  [PUBLISH, "if (tip === baseId) return;", "return;"],
  [PUBLISH, 'mode === "amend" ? base.parentId : baseId', "baseId"],
  [PUBLISH, "if (repo.snapshots.has(snapshot.id)) {", "if (false) {"],
  [PUBLISH, "? { prunedAncestorTransactionLogs: base.prunedAncestorTransactionLogs }", "? {}"],
  [PUBLISH, "new Map(repo.branches).set(branch, snapshot.id)", "new Map(repo.branches)"],
];
