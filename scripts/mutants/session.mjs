/** Planted bugs in sessions, forks and merging: [file, what stands there, what the bug says]. */
const MERGE = "src/session/merge/three-way.ts";
const MEANING = "src/session/merge/chunk-meaning.ts";
const COLLECTOR = "src/session/merge/collector.ts";
const LEARNING = "src/session/merge/learning.ts";
const TABLE = "src/session/changes/chunk-table.ts";
const COLUMNS = "src/session/changes/chunk-columns.ts";
const INDEX = "src/session/changes/coordinate-index.ts";
const SHARED = "src/session/changes/shared-tables.ts";
const STATE = "src/session/state/state.ts";
const WRITING = "src/session/state/writing.ts";
const VIEW = "src/session/view/chunks.ts";
const WRITE = "src/session/store/chunk-write.ts";
const NODES = "src/session/store/node-write.ts";
const BYTES = "src/session/fork/read-bytes.ts";
const CHECK = "src/session/fork/check.ts";
const CONTENT = "src/session/fork/content.ts";

const TURN = "src/session/state/turn.ts";
const ORIGINS = "src/session/state/origins.ts";
const FORK_TABLE = "src/session/fork/table-bytes.ts";
export const SESSION_MUTANTS = [
  [TURN, "  if (resumeTurn(holder)) return;\n  const", "  const"],
  [TURN, "      line.queue.delete(take);\n", ""],
  [TURN, "if (this.#rests === rest) this.end();", ""],
  [TURN, "      lines.delete(branch);\n", ""],
  [TURN, "if (this.#looks > LOOKS_MAX) this.end();", ""],
  [TURN, "if (this.#looks > LOOKS_OF_FIRST) this.#release();", ""],
  [ORIGINS, "rest = number++", "rest = number"],
  [ORIGINS, "if (number === size) {", "if (bytes.length === 0) {"],
  [BYTES, "reader.raw(Math.max(0, count - FREE_ROWS));", ""],
  [LEARNING, "walk.generationsLeft-- <= 0", "false"],
  [
    FORK_TABLE,
    "const column = columnOf(rows, codeOf);",
    "const { length } = table.strings;\n  const column = columnOf(rows, (row) => Math.min(codeOf(row), length));",
  ],
  [
    MERGE,
    "if (fork.need !== undefined && !isCovered(target.past.vector, fork.need)) {",
    "if (false) {",
  ],
  [MERGE, "if (fork.baseId !== target.baseId) {", "if (false) {"],
  [MERGE, "else if (!isEqualChange(ours, theirs)) failed.push(path);", ""],
  [MERGE, "failed.push(...structuralConflicts(run, taken));", ""],
  [
    MERGE,
    "a.node.id === b.node.id && equalBytes(a.node.userData, b.node.userData)",
    "a.node.id === b.node.id",
  ],
  [MERGE, "assertNoUnseenChunks(run, replaced);", ""],
  [MERGE, "own.chunks.delete(replaced.id);", ""],
  [MERGE, "if (equalRows(theirs, row, present.rows, present.row)) continue;", ""],
  // Whoever knows a write has a row where it was: that rows are known too is not planted.
  [MERGE, "ours === undefined || theirs.isBehind(ours)", "true"],
  [MERGE, "assertChunksKeepMeaning(run);\n", "\n"],
  [MERGE, "assertNewIds(run, taken);\n", "\n"],
  [
    "src/session/merge/merge-run.ts",
    "return hiding.find(coordinatesOf(table, row)) >= 0;",
    "return false;",
  ],
  [MEANING, "signatureUnder(written, run.target.base) === arraySignature(result)", "true"],
  [MEANING, "if (!isUnseen && !fork.own.nodes.has(written.path)) {", "if (false) {"],
  [
    MEANING,
    "if (hasSameMeaning && isInGrid(coordinates, result.array.shape)) continue;",
    "if (hasSameMeaning) continue;",
  ],
  [MERGE, "if (learn(target.past, fork.past, target.dot)) target.hasLearnt = true;", ""],
  [LEARNING, "lesson.origin === write.origin && at <= epoch", "lesson.origin === write.origin"],
  [LEARNING, "if (by === write.origin && epoch >= write.epoch) return true;", ""],
  [LEARNING, "name = left > 0 ? births.get(by) : undefined;", "name = undefined;"],
  [COLLECTOR, "state.past = target.past;", ""],
  [COLLECTOR, "if (target.hasLearnt) state.dotUsed = true;", ""],
  [TABLE, "      this.#columns.discard(row);\n    } else {", "    } else {"],
  [TABLE, "if (row < this.#sharedEnd) this.#keepRow(row);", ""],
  [COLUMNS, "if (row === last) return;", "return;"],
  // A discarded payload that is copied once more costs its bytes until the next time: not planted.
  [COLUMNS, "this.payloads.discard(this.lengths.get(row));", ""],
  [INDEX, "if (last === 0) this.#slots = undefined;", ""],
  [INDEX, "if (((slot - home) & mask) < ((slot - gap) & mask)) continue;", ""],
  [INDEX, "this.#order = undefined;\n    this.#lastFound = -1;", ""],
  [SHARED, ": table.successor();", ": table;"],
  [SHARED, "if (id !== undefined && id !== change.node?.id) flat.chunks.delete(id);", ""],
  [WRITING, "state.dot = { origin, epoch: epoch + 1 };", ""],
  [WRITING, "state.past = copyPast(state.needPast);", ""],
  [WRITING, "state.generation++;", ""],
  [STATE, "if (table.length > 0) return true;", ""],
  [VIEW, "if (!isInGrid(coordinates, node.array.shape)) return undefined;", ""],
  [
    "src/base/coordinates.ts",
    "if (coordinate < start || coordinate >= end) return false;",
    "if (coordinate < start || coordinate > end) return false;",
  ],
  [
    "src/session/view/chunk-runs.ts",
    "hiding === undefined || hiding.find(coordinates) < 0",
    "true",
  ],
  [WRITE, "bytes.length > state.engine.config", "bytes.length >= state.engine.config"],
  [WRITE, "if (state.generation !== generation) return;", ""],
  [
    "src/session/changes/same-array.ts",
    "if (now?.id !== before.id || now.array === undefined) {",
    "if (now?.array === undefined) {",
  ],
  ["src/session/changes/same-array.ts", "arraySignature(before) !== arraySignature(now)", "false"],
  [WRITE, "(baseShape !== undefined && isInGrid(coordinates, baseShape))", "false"],
  [NODES, "if (isSame) return;", ""],
  [NODES, "if (!isSame || present.array !== undefined) operation", "operation"],
  [WRITING, "if (steps?.isOpen === true) return steps.generation === state.generation;", ""],
  [WRITING, "state.writes.clear();", ""],
  [NODES, "assertSameRank(present, parsed, path);", ""],
  [NODES, "layers.own.chunks.delete(node.id);", ""],
  [NODES, 'node.type === "group" ? nodesUnder(layers, path) : [node]', "nodesUnder(layers, path)"],
  [BYTES, "if (stored !== crc32c(input, 0, end)) throw", "if (false) throw"],
  [BYTES, "if (reader.remaining > 0) reader.fail", "if (false) reader.fail"],
  [BYTES, 'if (vector.has(origin)) reader.fail("a version names an origin twice");', ""],
  [BYTES, "isHeld(need, needPast) && isHeld(self, past)", "true"],
  [BYTES, "if (!isAllCovered(overlay, needPast.vector)) {", "if (false) {"],
  [
    CHECK,
    "if (present?.id === node.id) assertSameKind(present, node);",
    "if (present?.id === node.id) return;",
  ],
  [CHECK, "if (known !== path) throw", "if (false) throw"],
  [CHECK, "if (!own.nodes.has(array.path)) assertRowsInGrid", "if (false) assertRowsInGrid"],
  [CHECK, "isInGrid(coordinates, shape) || isInGrid(coordinates, baseShape)", "false"],
  [CONTENT, "isUntouched(parent) ? undefined : lastClosed(parent)", "lastClosed(parent)"],
  [CONTENT, "hasOverlay ? flattenChanges(overlay, own) : shareChanges(own)", "shareChanges(own)"],
];
