/** Planted bugs in reading and writing files: [file, what stands there, what the bug says]. */
const ENVELOPE = "src/format/envelope.ts";
const ROWS = "src/format/manifest/rows.ts";
const SCAN = "src/format/manifest/ref-scan.ts";
const LOCATE = "src/format/manifest/ref-locate.ts";
const READ = "src/format/manifest/read.ts";
const SELECTION = "src/format/manifest/row-selection.ts";
const WRITE = "src/format/manifest/write.ts";
const LAYOUT = "src/format/manifest/ref-layout.ts";
const BLOCKS = "src/format/manifest/row-blocks.ts";
const WITHIN = "src/format/manifest/rows-within.ts";
const FIELDS = "src/format/manifest/ref-fields.ts";
const TABLE_COLUMNS = "src/session/changes/chunk-columns.ts";
const STRINGS = "src/format/manifest/manifest-strings.ts";
const TARGETS = "src/session/changes/virtual-targets.ts";
const PLAN = "src/format/manifest/layout.ts";
const SHAPES = "src/format/manifest/ref-vtables.ts";
const COORDINATES = "src/base/coordinates.ts";
const LOG = "src/format/transaction-log/read.ts";
const LOG_MERGE = "src/format/transaction-log/merge.ts";
const ARRAY = "src/format/snapshot/array-data.ts";
const SNAPSHOT = "src/format/snapshot/read.ts";
const REPO = "src/format/repo/read.ts";
const REPO_WRITE = "src/format/repo/write.ts";
const REPO_LIST = "src/format/repo/snapshot-list.ts";
const REPO_UPDATES = "src/format/repo/updates-write.ts";
const CONFIG = "src/format/config/resolve.ts";
const SPLITTING = "src/format/manifest/splitting.ts";
const PATHS = "src/format/node-path.ts";
const OBJECTS = "src/format/object-paths.ts";

export const FORMAT_MUTANTS = [
  [ENVELOPE, "if (payload.length <= bytesMax) return", "if (true) return"],
  [ENVELOPE, "specVersion !== 1 && specVersion !== 2", "false"],
  [ENVELOPE, "if (type !== CODE_OF_TYPE[fileType]) {", "if (false) {"],
  [ENVELOPE, 'if (fileType === "repo-info" && specVersion === 1) {', "if (false) {"],
  [
    FIELDS,
    "if (high >= SAFE_HIGH_END) failManifest(object, at",
    "if (false) failManifest(object, at",
  ],
  [SCAN, "if (indexBytes > end) failManifest", "if (false) failManifest"],
  [ROWS, "else high = middle - 1;", "else high = middle - 2;"],
  [ROWS, "if (this.#compare(row, coordinates) !== 0) return false;", ""],
  [SCAN, "if (at === 0 || !isRepeated(at)) sorted", "sorted"],
  [SCAN, "if (refs > (ranks.get(commonRank) ?? 0)) commonRank = rank;", ""],
  [SCAN, "if (view.getUint32(index, true) !== rank) continue;", ""],
  [SCAN, "else if (rank !== firstRank) isSorted = false;", "else if (false) isSorted = false;"],
  [SCAN, "isSorted && volumeOf(box.lengths()) === count", "isSorted"],
  [ROWS, "if (this.#isTrusted && !scan.isSorted) this.#fail", "if (false) this.#fail"],
  [ROWS, "    if (rank !== this.rank)\n", "    if (false)\n"],
  [LOCATE, "if (indexEnd > end) fail", "if (false) fail"],
  [LOCATE, "partial?.ensure(index, indexEnd);", ""],
  [READ, "if (refVectors.has(nodeId)) reader.fail", "if (false) reader.fail"],
  [READ, "algorithm !== ALGORITHM_ZSTD", "false"],
  [SELECTION, "compareCoordinates(first.head, 0, taken, 0, taken.length) !== 0", "true"],
  [SELECTION, "? this.source < other.source", "? this.source > other.source"],
  [SELECTION, "if (rows.rows.rank === rank) sources.push", "sources.push"],
  [
    COORDINATES,
    "if (coordinate >= (this.ends[d] as number)) this.ends[d] = coordinate + 1;",
    "if (coordinate >= (this.ends[d] as number)) this.ends[d] = coordinate;",
  ],
  [WITHIN, "if (rows.kind(row) === ROW_TOMBSTONE) return at;", ""],
  [STRINGS, "lastUse[location] === firstNumber + i", "lastUse[location] === i"],
  [LAYOUT, "layOutLocation(location, firstNumber + i, at)", "layOutLocation(location, i, at)"],
  [BLOCKS, "(runs[this.#run + 1] as number) + this.#done", "(runs[this.#run + 1] as number)"],
  [WRITE, "Math.floor(length / UINT32_END)", "0"],
  [WRITE, "if (layout.offsetAt !== 0) {", "if (false) {"],
  [
    TABLE_COLUMNS,
    "else if (offset !== 0) code |= HAS_OFFSET;",
    "else if (offset !== 0 && kind === ROW_VIRTUAL) code |= HAS_OFFSET;",
  ],
  [PLAN, ".sort((a, b) => compareBytes(a.nodeIdBytes, b.nodeIdBytes))", ""],
  [TARGETS, "if (lastModifieds[row] !== 0) code |= HAS_LAST_MODIFIED;", ""],
  [SHAPES, "if (at < 4 || at + byteCount > tableBytes) fail", "if (false) fail"],
  [
    SHAPES,
    "if (chunkIdAt !== 0) kind = ROW_NATIVE;",
    "if (inlineAt !== 0) kind = ROW_INLINE;\n    else if (chunkIdAt !== 0) kind = ROW_NATIVE;",
  ],
  [COORDINATES, "range.spread >= 2 ** shift", "range.spread > 2 ** shift"],
  [
    COORDINATES,
    "dimension = rank - 1; dimension >= 0; dimension--",
    "dimension = 0; dimension < rank; dimension++",
  ],
  [LOG, "if (reader.vectorLength(coordinates) !== rank) continue;", ""],
  [LOG, "if (counts.size > RANKS_MAX) reader.fail", "if (false) reader.fail"],
  [
    LOG_MERGE,
    "unite(older[list], newer[list])",
    'list === "updatedGroups" ? newer[list] : unite(older[list], newer[list])',
  ],
  [LOG_MERGE, "{ ...move, from: first.from }", "move"],
  [LOG_MERGE, ".filter((move) => move.from !== move.to)", ""],
  [COORDINATES, "if (areAscending(data, rank, count)) return rows;", "if (true) return rows;"],
  [COORDINATES, "if (kept > 0 && compareCoordinates", "if (false && compareCoordinates"],
  [ARRAY, "if (vector !== 0) return shape;", "if (shape.length > 0) return shape;"],
  [
    ARRAY,
    "arrayLength === 0 ? 0 : Math.ceil(arrayLength / chunkLength)",
    "Math.floor(arrayLength / chunkLength)",
  ],
  [SNAPSHOT, "if (vector !== 0) return files;", ""],
  [SNAPSHOT, "if (!isSorted) nodes.sort", "if (false) nodes.sort"],
  [REPO, "if (found === SPEC_VERSION) return;", "return;"],
  [REPO_WRITE, "if (repo.unknownFields !== undefined) {", "if (false) {"],
  [REPO_WRITE, "if (first.backupPath !== undefined) {", "if (false) {"],
  [REPO_LIST, "return isSorted ? rows : rows.sort", "return true ? rows : rows.sort"],
  [REPO_LIST, "order[position] = size;", "order[position] = size - 1;"],
  [REPO_LIST, "isNewest ? this.#columns : this.#columns.fork(size)", "this.#columns"],
  [REPO_UPDATES, "if (entries[last - at] !== updates[at]) return false;", ""],
  [CONFIG, "if (names.has(name)) throw", "if (false) throw"],
  [CONFIG, "Math.min(COMPRESSION_LEVEL_MAX, config.compression.level)", "config.compression.level"],
  [SPLITTING, "if (sizes[axis] !== undefined) continue;", ""],
  [SPLITTING, "size.num_chunks === 0 ? UNSPLIT : size.num_chunks", "size.num_chunks"],
  [
    "src/format/path-runs.ts",
    "if (entry.path !== path) yield entry;\n  }\n}",
    "yield entry;\n  }\n}",
  ],
  [PATHS, 'if (segments.includes("..")) throw', "if (false) throw"],
  [OBJECTS, 'padStart(BACKUP_TIME_DIGITS, "0")', 'padStart(1, "0")'],
];
