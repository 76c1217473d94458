/**
 * Setting virtual references: bytes of objects elsewhere as chunks. Everything is validated before
 * anything is recorded. Spec: docs/semantics.md "Virtual references".
 */

import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import { describe, isCount } from "../../base/options.ts";
import type { VirtualRef } from "../../format/manifest/chunk-ref.ts";
import { UINT32_MAX } from "../../format/table-fields.ts";
import { setVirtual } from "../changes/set-virtual.ts";
import { writableTable } from "../changes/shared-tables.ts";
import type { Layers } from "../state/layers.ts";
import type { SessionState } from "../state/state.ts";
import { currentDot } from "../state/writing.ts";
import type { StoreKey } from "../store/key.ts";
import { assertInGrid } from "../view/chunks.ts";
import { type ArrayNode, mustGetArray } from "../view/nodes.ts";
import { presentPositions, setVirtualColumns, type VirtualRefColumns } from "./columns.ts";
import { invalidRef, type KnownPrefixes, normaliseLocation } from "./location.ts";
import { type Checksum, VirtualRefList } from "./ref-list.ts";

/** A chunk that is bytes [offset, offset + length) of the object at `location`. */
export interface VirtualRefInput {
  /** An absolute URL, or `vcc://<container name>/<path>`. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  /** The object's ETag: checked when the chunk is read. Wins over `lastModified`. */
  readonly etag?: string | undefined;
  /** The object's modification time, stored in seconds, rounded up. */
  readonly lastModified?: Date | undefined;
}

/** Options of the setters. */
export interface VirtualRefOptions {
  /** Whether a configured container must match the location; default true. */
  readonly validateContainer?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

const REF_MEMBERS = ["location", "offset", "length", "etag", "lastModified"];
const LISTED_MEMBERS = ["index", ...REF_MEMBERS];
const COLUMNS = [
  "gridShape",
  "gridOffset",
  "locations",
  "offsets",
  "lengths",
  "etag",
  "lastModified",
];
const REFUSED_INDICES_MAX = 1000; // How many indices an error lists.
const LIST_ROOM_MAX = 2 ** 20; // References that room is made for at once; a list may say anything.

/** Records one reference. */
export function setVirtualRef(
  state: SessionState,
  layers: Layers,
  key: string,
  parsed: StoreKey,
  ref: VirtualRefInput,
  options?: VirtualRefOptions,
): undefined {
  if (parsed.kind !== "chunk") {
    throw makeError("not-allowed", `${key} is no chunk: use set for metadata`, {
      details: { key },
    });
  }
  const node = mustGetArray(layers, parsed.path);
  assertInGrid(parsed.coordinates, node);
  assertMembers(ref, REF_MEMBERS);
  const checked = checkRef(ref, createLocationCheck(state, options));
  setVirtual(tableOf(state, node), parsed.coordinates, checked, currentDot(state));
}

/** Records many references of one array: all or none. `details.refused` lists the indices that failed. */
export function setVirtualRefs(
  state: SessionState,
  layers: Layers,
  arrayPath: string,
  refs: Iterable<{ readonly index: readonly number[] } & VirtualRefInput>,
  options?: VirtualRefOptions,
): undefined {
  const node = mustGetArray(layers, arrayPath);
  const checkLocation = createLocationCheck(state, options);
  if (typeof refs?.[Symbol.iterator] !== "function") {
    throw invalidRef(`refs: expected a list, got ${describe(refs)}`);
  }
  const capacity = Array.isArray(refs) ? Math.min(refs.length, LIST_ROOM_MAX) : 0;
  const accepted = new VirtualRefList(node.array.shape.length, capacity);
  let lastLocation: string | undefined;
  let locationCode = 0;
  const refused: unknown[] = [];
  let firstError: unknown;
  let refusedCount = 0;
  let last: unknown;
  for (const input of refs) {
    try {
      if (last === undefined) assertMembers(input, LISTED_MEMBERS);
      last = input;
      const found = input?.index ?? [];
      const index = Array.isArray(found) ? found : Array.from(found);
      assertInGrid(index, node);
      const { location, offset, length } = checkRange(input);
      if (location === undefined || location !== lastLocation) {
        locationCode = accepted.addLocation(checkLocation(location));
        lastLocation = location;
      }
      accepted.add(index, locationCode, offset, length, checksum(input));
    } catch (error) {
      firstError ??= error;
      refusedCount++;
      if (refused.length < REFUSED_INDICES_MAX) refused.push(input?.index);
    }
  }
  // Members are misspelt in a whole batch, not in one of its references: two stand for all.
  if (firstError === undefined) assertMembers(last, LISTED_MEMBERS);
  if (firstError !== undefined) throw refusal(node.path, firstError, refused, refusedCount);
  if (accepted.length === 0) return;
  accepted.writeTo(tableOf(state, node), currentDot(state));
}

function refusal(path: string, cause: unknown, refused: unknown[], total: number): unknown {
  const first = cause as { kind?: never; message?: string };
  return makeError(
    first.kind ?? "invalid-virtual-ref",
    `${total} of the references for ${path} are refused, none was set; the first: ${first.message}`,
    { details: { path, refused, total }, cause },
  );
}

/** Records a box of references. Locations are checked once each; all or none. */
export function setVirtualRefColumns(
  state: SessionState,
  layers: Layers,
  arrayPath: string,
  columns: VirtualRefColumns,
  options?: VirtualRefOptions,
): undefined {
  const node = mustGetArray(layers, arrayPath);
  assertColumns(columns);
  assertMembers(columns, COLUMNS);
  const count = checkBox(node, columns);
  const { offsets, lengths, locations } = columns;
  const isDictionary = "dictionary" in locations;
  const locationCount = isDictionary ? locations.codes.length : locations.length;
  for (const [name, found] of [
    ["offsets", offsets.length],
    ["lengths", lengths.length],
    ["locations", locationCount],
  ] as const) {
    if (found !== count) throw invalidRef(`${name}: expected ${count} entries, found ${found}`);
  }
  const present = presentPositions(locations);
  const presentCount = present?.length ?? count;
  const range = { offset: 0, length: 0 };
  for (let i = 0; i < presentCount; i++) {
    const at = present === undefined ? i : (present[i] as number);
    range.offset = offsets[at] as number;
    range.length = lengths[at] as number;
    checkRange(range);
  }
  const checkLocation = createLocationCheck(state, options);
  // Array.from: a hole is no location either.
  const checked = Array.from(isDictionary ? locations.dictionary : locations, (location) =>
    location === "" ? "" : checkLocation(location),
  );
  if (isDictionary) {
    const wrong = locations.codes.find((code) => code >= checked.length);
    if (wrong !== undefined) {
      throw invalidRef(`locations.codes: ${wrong} is outside the dictionary of ${checked.length}`);
    }
  }
  if (presentCount === 0) return;
  setVirtualColumns(
    tableOf(state, node),
    {
      gridShape: columns.gridShape,
      gridOffset: columns.gridOffset,
      locations: isDictionary ? { dictionary: checked, codes: locations.codes } : checked,
      offsets,
      lengths,
      ...checksum(columns),
    },
    currentDot(state),
    present,
  );
}

/** Throws for a member that has no meaning: misspelt, an ETag would never be checked. */
function assertMembers(ref: unknown, known: readonly string[]): void {
  if (typeof ref !== "object" || ref === null) return; // Refused for what it lacks.
  const unknown = Object.keys(ref).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw invalidRef(`${unknown} is no member of a virtual reference; known: ${known.join(", ")}`, {
    member: unknown,
  });
}

/** Throws unless all columns are there, each of its kind. */
function assertColumns(columns: VirtualRefColumns): void {
  const { gridShape, gridOffset = [], locations, offsets, lengths } = columns ?? {};
  const isDictionary = typeof locations === "object" && "dictionary" in locations;
  for (const [name, isRight, expected, found] of [
    ["gridShape", Array.isArray(gridShape), "a list", gridShape],
    ["gridOffset", Array.isArray(gridOffset), "a list", gridOffset],
    ["offsets", offsets instanceof Float64Array, "a Float64Array", offsets],
    ["lengths", lengths instanceof Float64Array, "a Float64Array", lengths],
    [
      "locations",
      isDictionary
        ? Array.isArray(locations.dictionary) && locations.codes instanceof Uint32Array
        : Array.isArray(locations),
      "a list, or { dictionary, codes: Uint32Array }",
      locations,
    ],
  ] as const) {
    if (!isRight) throw invalidRef(`${name}: expected ${expected}, got ${describe(found)}`);
  }
}

/** The number of chunks in the box; throws unless it lies in the array's grid. */
function checkBox(node: ArrayNode, { gridShape, gridOffset }: VirtualRefColumns): number {
  const rank = node.array.shape.length;
  const start = gridOffset ?? gridShape.map(() => 0);
  if (gridShape.length !== rank || start.length !== rank) {
    throw invalidRef(`gridShape and gridOffset need ${rank} entries for ${node.path}`);
  }
  if (![...gridShape, ...start].every(isCount)) {
    throw invalidRef("gridShape and gridOffset must be non-negative integers");
  }
  const count = volumeOf(gridShape);
  if (count > 0) {
    assertInGrid(
      gridShape.map((length, d) => (start[d] as number) + length - 1),
      node,
    );
  }
  return count;
}

function tableOf(state: SessionState, node: ArrayNode): ReturnType<typeof writableTable> {
  return writableTable(state.own, node.id, node.array.shape.length);
}

function checkRef(ref: VirtualRefInput, checkLocation: (location: string) => string): VirtualRef {
  const { location, offset, length } = checkRange(ref);
  return { type: "virtual", location: checkLocation(location), offset, length, ...checksum(ref) };
}

function checkRange<Ref extends Pick<VirtualRefInput, "offset" | "length">>(ref: Ref): Ref {
  if (typeof ref !== "object" || ref === null) {
    throw invalidRef(`expected { location, offset, length }, got ${describe(ref)}`);
  }
  const { offset, length } = ref;
  if (length === 0) throw makeError("zero-length-chunk", "a virtual reference of length 0");
  if (isCount(offset) && isCount(length) && isCount(offset + length)) return ref;
  const found = `offset ${String(offset)} and length ${String(length)}`;
  throw invalidRef(`${found} must be non-negative integers`, { offset, length });
}

const NO_CHECKSUM: Checksum = {};

function checksum({
  etag,
  lastModified,
}: Pick<VirtualRefInput, "etag" | "lastModified">): Checksum {
  if (etag !== undefined) {
    if (typeof etag !== "string")
      throw invalidRef(`etag: expected a string, got ${describe(etag)}`);
    return { etag };
  }
  if (lastModified === undefined) return NO_CHECKSUM;
  // Rounded up: a file changed within the second it was indexed in must not look changed.
  const seconds =
    lastModified instanceof Date ? Math.ceil(lastModified.getTime() / 1000) : Number.NaN;
  if (!(seconds > 0 && seconds <= UINT32_MAX)) {
    throw invalidRef(
      `lastModified: expected a Date from 1970 to 2106, got ${describe(lastModified)}`,
    );
  }
  return { lastModifiedSeconds: seconds };
}

/** A function that normalises a location as the official writer does, and checks its container. */
function createLocationCheck(
  state: SessionState,
  options: VirtualRefOptions | undefined,
): (location: string) => string {
  const containers = Object.values(state.engine.config.virtualChunkContainers);
  const prefixes = containers.map(({ urlPrefix }) => urlPrefix);
  const names = new Set(containers.map(({ name }) => name));
  const validate = options?.validateContainer ?? true;
  const known: KnownPrefixes = { plain: new Set(), latest: undefined };
  return (location) => {
    const normal = normaliseLocation(location, known);
    if (!validate) return normal;
    const name = normal.startsWith("vcc:") ? /^vcc:\/\/([^/]*)/.exec(normal)?.[1] : undefined;
    const isKnown =
      name === undefined ? prefixes.some((p) => normal.startsWith(p)) : names.has(name);
    if (!isKnown) {
      throw makeError(
        "no-container-for-virtual-chunk",
        `no virtual chunk container matches ${describe(location)}`,
        { details: { location, urlPrefixes: prefixes } },
      );
    }
    return normal;
  };
}
