/** Planted bugs in rebasing and conflicts: [file, what stands there, what the bug says]. */
const DETECT = "src/session/rebase/detect.ts";
const PATCH = "src/session/rebase/patch.ts";
const SOLVE = "src/session/rebase/solve.ts";
const SOLVERS = "src/session/rebase/solvers.ts";
const REBASE = "src/session/rebase/rebase.ts";

export const CONFLICT_MUTANTS = [
  [
    DETECT,
    "return change.node !== undefined && change.node.id !== change.base?.id;",
    "return change.base === undefined;",
  ],
  [
    DETECT,
    "change.base !== undefined && change.node?.id !== change.base.id",
    "change.base !== undefined && change.node === undefined",
  ],
  [DETECT, "if (move !== undefined) return", "if (false) return"],
  [
    DETECT,
    "present !== undefined && present.id !== change.base?.id) paths",
    "present !== undefined) paths",
  ],
  [DETECT, "if (isReplacement(ours.nodes.get(ancestor))) continue;", ""],
  [DETECT, "node === undefined && base.node(ancestor) !== undefined", "false"],
  [
    DETECT,
    'if (isGone || node?.data.type === "array") paths.add(ancestor);',
    "if (isGone) paths.add(ancestor);",
  ],
  [DETECT, "[...log.newGroups, ...log.newArrays]", "[...log.newGroups]"],
  [
    DETECT,
    'if (isGone || change.node?.type === "array") paths.add(ancestor);',
    "if (isGone) paths.add(ancestor);",
  ],
  [DETECT, "if (logged.updated.has(node.id)) twice[node.type].push(path);", ""],
  [DETECT, "if (logged.deleted.has(node.id)) gone[node.type].push(path);", ""],
  [DETECT, "if (logged.deletedArrays.has(nodeId)) {", "if (false) {"],
  [DETECT, "if (logged.updatedArrays.has(nodeId)) {", "if (false) {"],
  [DETECT, "if (chunkCoordinates !== undefined) {", "if (false) {"],
  [DETECT, "if (isSame && updates", "if (updates"],
  [
    "src/session/view/chunks.ts",
    "if ((data[at] as number) >= chunkCount) return false;",
    "if ((data[at] as number) > chunkCount) return false;",
  ],
  [DETECT, "if (isReplaced && isCreation(change)) continue;", ""],
  [
    DETECT,
    "logged.updated.has(node.id) || logged.chunks.has(node.id)",
    "logged.updated.has(node.id)",
  ],
  [DETECT, "if (isReplaced || isUpdated)", "if (isUpdated)"],
  [DETECT, "if (table.find(coordinates) < 0) continue;", ""],
  [PATCH, "base !== undefined || node !== undefined,", "true,"],
  [PATCH, 'if (side === "theirs") patch.nodes.delete(path);', ""],
  [PATCH, 'if (side === "theirs") patch.dropChunks(nodeId);', ""],
  [
    PATCH,
    'if (side === "ours") return patch.chunksStayValid(conflict);',
    'if (side === "ours") return true;',
  ],
  [PATCH, 'if (side === "theirs") patch.dropSharedChunks(conflict);', ""],
  // That their children go is decided once more, by the conflict about them: not planted.
  [PATCH, 'if (side === "theirs") patch.takeTheirs(path);\n  else {', 'if (side === "ours") {'],
  [
    PATCH,
    'if (side === "theirs") patch.dropCreationsBelow(path);\n    return side === "theirs";',
    "return true;",
  ],
  // That chunks of a deleted array go is decided by their own conflict too: not planted.
  [PATCH, "patch.nodes.delete(path);\n  return true;\n}", "return true;\n}"],
  [PATCH, 'if (side === "theirs") {\n    patch.keepGroupsAbove(path);', 'if (side === "theirs") {'],
  [PATCH, 'if (change !== undefined && change.node?.type !== "group") this.#dropChange(at);', ""],
  [
    PATCH,
    "if (below === path || this.nodes.has(below)) continue;",
    "if (below === path) continue;",
  ],
  [PATCH, "const kept = table.clone();", "const kept = table;"],
  [PATCH, "before.signature !== after.signature) return false;", "false) return false;"],
  [PATCH, "return liesInGrid(table, after.shape);", "return true;"],
  [PATCH, "present === undefined && change.node === undefined", "false"],
  [PATCH, "this.nodes.set(path, { ...change, base });", ""],
  [PATCH, "if (isCreation(change)) this.dropChunks(change.node?.id);", ""],
  [
    SOLVE,
    'decision === "fail" || !applyDecision(patch, conflict, decision)',
    "!applyDecision(patch, conflict, decision as never)",
  ],
  [SOLVE, "solver(copyOf(conflict), context)", "solver(conflict, context)"],
  [SOLVERS, 'onChunkConflict = "ours"', 'onChunkConflict = "theirs"'],
  [SOLVERS, 'if (type === "delete-of-updated-group") return onDeleteOfGroup;', ""],
  [REBASE, "return commits.reverse();", "return commits;"],
  [REBASE, "if (!haveSameTables(changes, state.own)) state.revision++;", ""],
  [REBASE, "base = theirs;", ""],
  [REBASE, "for (const id of [...pruned, commit.id])", "for (const id of [commit.id])"],
  [
    REBASE,
    "if (landed !== undefined) throw changedSinceLanded",
    "if (false) throw changedSinceLanded",
  ],
];
