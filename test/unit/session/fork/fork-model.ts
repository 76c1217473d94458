/** Fast-check arbitraries for what fork bytes carry. */
import fc from "fast-check";
import { isWellFormed } from "../../../../src/base/bytes.ts";
import { encodeBase32 } from "../../../../src/codec/base32.ts";
import { INITIAL_SNAPSHOT_ID, NODE_ID_BYTES } from "../../../../src/format/ids.ts";
import { parsePath } from "../../../../src/format/node-path.ts";
import {
  type ChangeSet,
  changeSetOf,
  chunkTables,
  type NodeChange,
  NodeChanges,
} from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { type Dot, growingVector } from "../../../../src/session/changes/dot.ts";
import { makeNode, parseNodeMetadata } from "../../../../src/session/changes/node-metadata.ts";
import {
  copyPast,
  emptyPast,
  type Past,
  pastBeyond,
} from "../../../../src/session/changes/past.ts";
import type { ForkContent } from "../../../../src/session/fork/bytes.ts";
import {
  anyCoordinates,
  anyRank,
  anyRef,
  DOT,
  MANIFEST_ID,
  NODE_A,
  setRef,
} from "../../format/manifest/ref-model.ts";
import { array, GROUP } from "../fixture.ts";

const NODE_B = "B".repeat(12).concat("0");
const NODE_C = "C".repeat(12).concat("0");

const anyText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
);
const ORIGINS = [DOT.origin, ...[1, 2].map((n) => encodeBase32(new Uint8Array(12).fill(n)))];
const EPOCH_MAX = 5;
const anyDot: fc.Arbitrary<Dot> = fc.record({
  origin: fc.constantFrom(...ORIGINS),
  epoch: fc.integer({ min: 1, max: EPOCH_MAX }),
});
/** A version that holds all writes, maybe more. */
const anyVector = fc
  .tuple(...ORIGINS.map(() => fc.integer({ min: EPOCH_MAX, max: Number.MAX_SAFE_INTEGER })))
  .map((epochs) => growingVector(ORIGINS.map((origin, at) => [origin, epochs[at] as number])));
const anyOrigin = fc.constantFrom(...ORIGINS);
const anyPast: fc.Arbitrary<Past> = fc
  .tuple(
    anyVector,
    fc.array(fc.tuple(anyOrigin, anyDot), { maxLength: 2 }),
    fc.array(fc.tuple(anyOrigin, anyDot, fc.nat()), { maxLength: 4 }),
  )
  .map(([vector, births, lessons]) => {
    const past = { ...emptyPast(), vector };
    for (const [origin, dot] of births) past.births.set(origin, dot);
    for (const [by, dot, at] of lessons) past.lessons.set({ ...dot, by }, at);
    return past;
  });
const anyType = fc.constantFrom("array" as const, "group" as const);

const anyDocument = fc.oneof(
  fc.constant(GROUP),
  fc.record({ rank: fc.nat(4), names: fc.option(anyText), value: fc.jsonValue() }).map((given) => {
    const { rank, names, value } = given;
    const lengths = Array.from({ length: rank }, (_, d) => d * 3);
    return array(
      lengths,
      lengths.map(() => 2),
      {
        attributes: { value },
        ...(names === null
          ? {}
          : { dimension_names: lengths.map((_, d) => (d === 0 ? null : names)) }),
      },
    );
  }),
);

const anyNodeId = fc
  .uint8Array({ minLength: NODE_ID_BYTES, maxLength: NODE_ID_BYTES })
  .map(encodeBase32);

const anyPath = anyText.map((text) =>
  parsePath(`/${isWellFormed(text) ? text.replaceAll("..", "") : ""}`),
);

const anyChange: fc.Arbitrary<NodeChange> = fc
  .record(
    {
      path: anyPath,
      base: fc.record({ id: anyNodeId, type: anyType }, { noNullPrototype: true }),
      node: fc.record({ id: anyNodeId, document: anyDocument }),
      dot: anyDot,
    },
    { requiredKeys: ["path", "dot"], noNullPrototype: true },
  )
  .map(({ node, ...change }) => {
    if (node === undefined) return change;
    const parsed = parseNodeMetadata(node.document, change.path);
    return { ...change, node: makeNode(node.id, change.path, parsed, node.document) };
  });

/** References in manifests may say what no session writes. */
const anyForkRef = anyRef.map((ref) => {
  if (ref.type === "inline") return ref;
  const length = Math.max(1, ref.length);
  return { ...ref, length, offset: Math.min(ref.offset, Number.MAX_SAFE_INTEGER - length) };
});

const anyTable: fc.Arbitrary<ChunkTable> = fc
  .oneof(
    { weight: 5, arbitrary: anyRank },
    // Without box positions: too many dimensions, or too large a box.
    { weight: 1, arbitrary: fc.constantFrom(7, 9) },
  )
  .chain((rank) =>
    fc
      .array(
        fc.tuple(anyCoordinates(rank), fc.option(anyForkRef, { nil: undefined, freq: 4 }), anyDot),
        { minLength: 1, maxLength: 30 },
      )
      .map((rows) => {
        const table = new ChunkTable(rank);
        for (const [coordinates, ref, dot] of rows) setRef(table, coordinates, ref, dot);
        return table;
      }),
  );

const anyChanges: fc.Arbitrary<ChangeSet> = fc.record({
  owner: fc.constant({}),
  nodes: fc.array(anyChange, { maxLength: 5 }).map((changes) => new NodeChanges(changes)),
  chunks: fc
    .array(fc.tuple(fc.constantFrom(NODE_A, NODE_B, NODE_C), anyTable), { maxLength: 3 })
    .map(chunkTables),
});

const anyArray = fc.record({
  path: anyPath,
  signature: fc.oneof(fc.constantFrom("{}", undefined), anyText),
});

/** A past and what is beyond it, joined; without it, that alone. */
function pastsOf(
  below: Past,
  more: Past,
  isOmitted: boolean,
): Pick<ForkContent, "needPast" | "past"> {
  if (isOmitted) return { needPast: emptyPast(), past: more };
  const past = copyPast(below);
  const { vector, births, lessons } = pastBeyond(more, below);
  for (const [origin, epoch] of vector) past.vector.set(origin, epoch);
  for (const [origin, birth] of births) past.births.set(origin, birth);
  for (const [lesson, at] of lessons) past.lessons.set(lesson, at);
  return { needPast: below, past };
}

/** Any fork whose bytes are in order; what it says of its base need not be true. */
export const anyState: fc.Arbitrary<ForkContent> = fc
  .record(
    {
      baseId: fc.constantFrom(MANIFEST_ID, INITIAL_SNAPSHOT_ID),
      pasts: fc.tuple(anyPast, anyPast),
      need: anyDot,
      overlay: anyChanges,
      own: anyChanges,
      arrays: fc.tuple(anyArray, anyArray, anyArray),
      overlayOmitted: fc.boolean(),
    },
    { requiredKeys: ["baseId", "pasts", "overlay", "own", "arrays"] },
  )
  .map(({ pasts: [below, more], arrays, need, ...state }) => ({
    ...state,
    need,
    ...pastsOf(below, more, state.overlayOmitted === true),
    self: state.overlayOmitted === true ? undefined : need,
    overlay: state.overlayOmitted === true ? changeSetOf() : state.overlay,
    writtenUnder: new Map([...state.own.chunks.keys()].map((id, at) => [id, arrays[at]!])),
  }));
