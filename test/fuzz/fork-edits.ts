/** Edits of the fields of a fork: bytes that are in order, and say what no fork can have made. */
import type { ChunkRef } from "../../src/format/manifest/chunk-ref.ts";
import type { ChangeSet, NodeChange } from "../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../src/session/changes/chunk-table.ts";
import type { Dot } from "../../src/session/changes/dot.ts";
import { copyPast, type Past } from "../../src/session/changes/past.ts";
import { encodeForkBytes } from "../../src/session/fork/bytes.ts";
import { decodeForkBytes } from "../../src/session/fork/read-bytes.ts";
import type { WrittenUnder } from "../../src/session/fork/written-under.ts";
import { setRef } from "../unit/format/manifest/ref-model.ts";
import type { Dice } from "./dice.ts";

interface Draft {
  baseId: string;
  need: Dot | undefined;
  self?: Dot | undefined;
  readonly needPast: Past;
  readonly past: Past;
  readonly overlay: ChangeSet;
  readonly own: ChangeSet;
  writtenUnder: Map<string, WrittenUnder>;
  overlayOmitted: boolean;
}

const SAFE = Number.MAX_SAFE_INTEGER;
const PATHS = ["/", "/g", "/g/a", "/g/b", "/s", "/n", "/none", "/g/a/c/0", "no path", "/../x"];
const DOCUMENTS = [
  "",
  "{",
  "null",
  '{"zarr_format":3,"node_type":"group"}',
  '{"zarr_format":2}',
  '{"zarr_format":3,"node_type":"array","shape":[4]}',
  '{"zarr_format":3,"node_type":"array","shape":[2,2],"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[1,1]}}}',
  '{"zarr_format":3,"node_type":"array","shape":[8],"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[1]}},"data_type":"int8"}',
];
const REFS: readonly (ChunkRef | undefined)[] = [
  undefined,
  { type: "inline", bytes: new Uint8Array(0) },
  { type: "inline", bytes: new Uint8Array(40) },
  { type: "native", id: "1CECHNKREP0F1RSTCMT0", offset: 0, length: 0 },
  { type: "native", id: "1CECHNKREP0F1RSTCMT0", offset: SAFE, length: SAFE },
  { type: "native", id: "1CECHNKREP0F1RSTCMT0", offset: 7, length: 9 },
  { type: "virtual", location: "", offset: 0, length: 1 },
  { type: "virtual", location: "no URL", offset: 0, length: 1 },
  { type: "virtual", location: "s3://bucket/k", offset: SAFE, length: 1 },
  { type: "virtual", location: "s3://bucket/k", offset: 1, length: 1, lastModifiedSeconds: SAFE },
];

type Edit = (draft: Draft, dice: Dice) => void;

const changesOf = (draft: Draft, dice: Dice): ChangeSet =>
  dice.oneIn(3) ? draft.overlay : draft.own;

/** Every id there is, and one that is nowhere. */
function idsOf({ overlay, own }: Draft): string[] {
  const changed = [overlay, own].flatMap(({ nodes, chunks }) => [
    ...[...nodes.values()].flatMap(({ base, node }) => [base?.id, node?.id]),
    ...chunks.keys(),
  ]);
  return [...changed.filter((id) => id !== undefined), "1J5JJ9X1SEYJ8"];
}

/** The mark of some write. */
function dotOf({ overlay, own, past }: Draft, dice: Dice): Dot {
  const dots = [overlay, own].flatMap(({ nodes, chunks }) => [
    ...[...nodes.values()].map(({ dot }) => dot),
    ...[...chunks.values()].flatMap((table) => table.dots),
  ]);
  const { origin, epoch } = dice.pick([
    ...dots,
    { origin: [...past.vector.keys()][0] ?? "1CECHNKREP0F1RSTCMT0", epoch: 1 },
  ]);
  return { origin, epoch: dice.oneIn(4) ? dice.pick([0, epoch + 1, SAFE]) : epoch };
}

const editNode: Edit = (draft, dice) => {
  const { nodes } = changesOf(draft, dice);
  if (nodes.size === 0) return;
  const change = dice.pick([...nodes.values()]);
  const { node } = change;
  const id = dice.pick(idsOf(draft));
  const type = dice.pick(["array", "group"] as const);
  const edits: (() => Partial<NodeChange>)[] = [
    () => ({ base: dice.oneIn(3) ? undefined : { id, type } }),
    () => ({ dot: dotOf(draft, dice) }),
    () => ({ node: undefined }),
    () => ({ node: node && { ...node, id } }),
    () => ({ node: node && { ...node, userData: new TextEncoder().encode(dice.pick(DOCUMENTS)) } }),
  ];
  nodes.set(change.path, { ...change, ...dice.pick(edits)() });
};

const moveNode: Edit = (draft, dice) => {
  const { nodes } = changesOf(draft, dice);
  if (nodes.size === 0) return;
  const change = dice.pick([...nodes.values()]);
  const path = dice.pick(PATHS);
  if (dice.oneIn(2)) nodes.delete(change.path);
  nodes.set(path, { ...change, path });
};

const dropNode: Edit = (draft, dice) => {
  const { nodes } = changesOf(draft, dice);
  if (nodes.size > 0) nodes.delete(dice.pick([...nodes.keys()]));
};

const addChunks: Edit = (draft, dice) => {
  const { chunks } = changesOf(draft, dice);
  const id = dice.pick(idsOf(draft));
  const present = chunks.get(id);
  const rank = present === undefined || dice.oneIn(3) ? dice.below(4) : present.rank;
  const table = present?.rank === rank ? present : new ChunkTable(rank);
  for (let count = 1 + dice.below(3); count > 0; count--) {
    const coordinates = Array.from({ length: rank }, () => dice.pick([0, 1, 5, 1000, 2 ** 32 - 1]));
    setRef(table, coordinates, dice.pick(REFS), dotOf(draft, dice));
  }
  chunks.set(id, table);
  if (!draft.writtenUnder.has(id)) draft.writtenUnder.set(id, { path: "/g/b", signature: "{}" });
};

const editWrittenUnder: Edit = (draft, dice) => {
  for (const [id, array] of draft.writtenUnder) {
    const edited = dice.oneIn(2) ? { path: dice.pick(PATHS) } : { signature: "{}" };
    if (dice.oneIn(2)) draft.writtenUnder.set(id, { ...array, ...edited });
  }
};

const editVersions: Edit = (draft, dice) => {
  const { vector, births, lessons } = dice.oneIn(2) ? draft.needPast : draft.past;
  const anyOrigin = (): string =>
    dice.pick([...vector.keys(), ...births.keys(), "1CECHNKREP0F1RSTCMT0"]);
  const origin = anyOrigin();
  const epoch = dice.pick([0, 1, 2, SAFE]);
  const edits: (() => unknown)[] = [
    () => vector.delete(origin),
    () => vector.set(origin, epoch),
    () => births.set(anyOrigin(), { origin, epoch }),
    () => lessons.set({ by: anyOrigin(), origin, epoch }, dice.pick([0, 1, 2, SAFE])),
    () => {
      draft.need = dice.oneIn(3) ? undefined : { origin, epoch };
    },
    () => {
      draft.self = dice.oneIn(3) ? undefined : { origin, epoch };
    },
  ];
  dice.pick(edits)();
};

const editFlags: Edit = (draft, dice) => {
  if (dice.oneIn(2)) draft.overlayOmitted = !draft.overlayOmitted;
  else draft.baseId = dice.pick(["1CECHNKREP0F1RSTCMT0", "none"]);
};

const EDITS = [
  editNode,
  editNode,
  editNode,
  moveNode,
  dropNode,
  addChunks,
  addChunks,
  editWrittenUnder,
  editVersions,
  editFlags,
];

/** Fork bytes with a right checksum after one edit of a field, or a few. */
export function editFork(bytes: Uint8Array, dice: Dice): Uint8Array {
  const fork = decodeForkBytes(bytes);
  const draft: Draft = {
    ...fork,
    needPast: copyPast(fork.needPast),
    past: copyPast(fork.past),
    writtenUnder: new Map(fork.writtenUnder),
    overlayOmitted: fork.overlayOmitted === true,
  };
  for (let count = dice.oneIn(3) ? 2 : 1; count > 0; count--) dice.pick(EDITS)(draft, dice);
  return encodeForkBytes(draft);
}
