/** Steps that write: nodes, chunks, and discarding all of it. */
import { expect } from "vitest";
import { deleteChunk, deleteNode, discard, setChunk, setMetadata } from "./edits.ts";
import { type Model, type ModelState, parentOf } from "./model.ts";
import { arrayMetadata, bytesOf, groupMetadata, INLINE_BYTES_MAX, outcomeOf } from "./real.ts";
import { keyOf, type Numbers, pathOf, pick, type Run, type Target } from "./step.ts";

/** Parents exist and are groups: what Zarr's own writers see to. */
function hasGroupAbove(model: Model, state: ModelState, path: string): boolean {
  const parent = parentOf(path);
  return parent === undefined || model.node(state, parent)?.metadata.type === "group";
}

const writeOrRefuse = async (
  { state, real }: Target,
  onModel: () => string,
  inEarnest: () => Promise<unknown>,
): Promise<string> => {
  const expected = state.isFinished ? "read-only-session" : onModel();
  expect((await outcomeOf(inEarnest())).kind).toBe(expected);
  expect(real.readOnly).toBe(state.isFinished);
  return expected;
};

/** The path of an array, mostly; now and then of something else, or of nothing. */
function chunkPathOf(model: Model, state: ModelState, numbers: Numbers): string {
  const arrays = [...model.nodes(state)].flatMap(([path, { metadata }]) =>
    metadata.type === "array" ? [path] : [],
  );
  const isAny = numbers.which % 8 === 0 || arrays.length === 0;
  return isAny ? pathOf(numbers) : (pick(arrays.sort(), numbers.path) as string);
}

/** Coordinates in the grid, mostly; now and then any, one too many or too few included. */
function chunkIn(grid: readonly number[], { at, who, which }: Numbers): number[] {
  if (who % 8 === 0) return at.slice(0, which % 3);
  return grid.map((count, d) => (at[d] as number) % Math.max(1, count));
}

/** By name. */
export const EDITS: Record<string, Run> = {
  async "set-chunk"({ model }, _, numbers, target) {
    const path = chunkPathOf(model, target.state, numbers);
    const node = model.node(target.state, path);
    const at = chunkIn(node?.metadata.grid ?? [], numbers);
    const text = numbers.isLarge ? `a large value ${numbers.value}` : `v${numbers.value}`;
    const object = text.length > INLINE_BYTES_MAX ? model.number() : undefined;
    return writeOrRefuse(
      target,
      () => setChunk(model, target.state, { path, at, chunk: { text, object } }),
      () => target.real.store.set([path.slice(1), "c", ...at].join("/"), bytesOf(text)),
    );
  },
  async "delete-chunk"({ model }, _, numbers, target) {
    const path = chunkPathOf(model, target.state, numbers);
    const node = model.node(target.state, path);
    if (node?.metadata.type !== "array") return undefined;
    const at = chunkIn(node.metadata.grid, numbers);
    return writeOrRefuse(
      target,
      () => deleteChunk(model, target.state, path, at),
      () => target.real.store.delete([path.slice(1), "c", ...at].join("/")),
    );
  },
  async "set-group"({ model }, _, numbers, target) {
    const path = pathOf(numbers);
    if (!hasGroupAbove(model, target.state, path)) return undefined;
    const metadata = groupMetadata(numbers.value);
    return writeOrRefuse(
      target,
      () => setMetadata(model, target.state, path, metadata),
      () => target.real.store.set(keyOf(path), bytesOf(metadata.text)),
    );
  },
  async "set-array"({ model }, _, numbers, target) {
    const path = pathOf(numbers);
    if (path === "/" || !hasGroupAbove(model, target.state, path)) return undefined;
    const shape = numbers.size.slice(0, 1 + (numbers.which % 2));
    const metadata = arrayMetadata(shape, numbers.value, numbers.which % 7 === 0 ? 1 : 0);
    return writeOrRefuse(
      target,
      () => setMetadata(model, target.state, path, metadata),
      () => target.real.store.set(keyOf(path), bytesOf(metadata.text)),
    );
  },
  /** Keeps type and fill value: a change of shape or attributes alone. */
  async resize({ model }, _, numbers, target) {
    const path = pathOf(numbers);
    const node = model.node(target.state, path);
    if (node?.metadata.type !== "array") return undefined;
    const shape = numbers.size.slice(0, node.metadata.grid.length);
    const fill = node.metadata.meaning.startsWith("fill 1") ? 1 : 0;
    const metadata = arrayMetadata(shape, numbers.value, fill);
    return writeOrRefuse(
      target,
      () => setMetadata(model, target.state, path, metadata),
      () => target.real.store.set(keyOf(path), bytesOf(metadata.text)),
    );
  },
  async "delete-node"({ model }, _, numbers, target) {
    const path = pathOf(numbers);
    if (path === "/" && numbers.which % 5 > 0) return undefined;
    return writeOrRefuse(
      target,
      () => deleteNode(model, target.state, path),
      () => target.real.store.delete(keyOf(path)),
    );
  },
  async recreate({ model }, _, numbers, target) {
    const path = pathOf(numbers);
    if (path === "/" || target.state.isFinished) return undefined;
    if (!hasGroupAbove(model, target.state, path)) return undefined;
    const shape = numbers.size.slice(0, 1 + (numbers.which % 2));
    const metadata = numbers.isLarge
      ? groupMetadata(numbers.value)
      : arrayMetadata(shape, numbers.value, 0);
    deleteNode(model, target.state, path);
    setMetadata(model, target.state, path, metadata);
    await target.real.store.delete(keyOf(path));
    await target.real.store.set(keyOf(path), bytesOf(metadata.text));
    return "ok";
  },
  async discard(_, __, numbers, { state, real }) {
    if (state.isFinished || numbers.which % 4 > 0) return undefined;
    discard(state);
    real.discardChanges();
    return "ok";
  },
};
