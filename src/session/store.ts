/**
 * The Zarr key-value face of a session: fits zarrita's AsyncReadable and AsyncMutable
 * structurally. Keys are `<path>/zarr.json` and `<path>/c/<i>/<j>`, with or without a leading
 * slash. Spec: docs/semantics.md "Store keys", "Byte ranges", "Nodes", "Chunks" and "Listing".
 */
import { type AsyncList, asyncList } from "../base/async-list.ts";
import { mapConcurrent } from "../base/concurrency.ts";
import { makeError } from "../base/errors.ts";
import { inTurn } from "../base/in-turn.ts";
import { abortable } from "../base/on-abort.ts";
import { checkList, checkOptions, type OptionKinds, SIGNAL, trueOrFalse } from "../base/options.ts";
import { showAsText } from "../base/show-as-text.ts";
import { readOnlyError } from "./state/describe.ts";
import type { Layers } from "./state/layers.ts";
import { type Operation, rememberStoreMaker } from "./state/operation.ts";
import { layersOf, loadLayers, type SessionState } from "./state/state.ts";
import { type ArrayChunk, eachChunk } from "./store/array-chunk.ts";
import type { RangeRequest } from "./store/byte-range.ts";
import { parseStoreKey } from "./store/key.ts";
import { listDirectory, listKeys, sizeOf, sizeOfPrefix } from "./store/listing.ts";
import { parseNodePath } from "./store/prefix.ts";
import { hasKey, readKey } from "./store/read.ts";
import type { VirtualRefColumns } from "./virtual/columns.ts";
import type { VirtualRefInput, VirtualRefOptions } from "./virtual/set-refs.ts";
import type { VirtualPart, WriteHalf } from "./write-half.ts";

/** Options of one store operation. */
export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
}

const VIRTUAL_REF: OptionKinds = { ...SIGNAL, validateContainer: trueOrFalse };
const WHOLE: RangeRequest = { offset: 0 };
const BATCH_REQUESTS_MAX = 64; // Ranges of one getRanges call under way at once.

/**
 * Nodes and chunks of a session by Zarr key. What is not a key or prefix is refused (`invalid-key`,
 * `bad-key-prefix`), and so are writes through `withReadOnly()` (`read-only-store`), in a session
 * that is read-only or committed (`read-only-session`) or busy with a commit, merge or rebase
 * (`session-busy`).
 */
export class Store<S = unknown> {
  /** The session this store belongs to. */
  readonly session: S;
  readonly #state: SessionState;
  /** The code that writes; read-only sessions have none. */
  readonly #half: WriteHalf | undefined;
  readonly #readOnly: boolean;
  readonly #operation: Operation | undefined;

  /** @internal */
  constructor(
    session: S,
    state: SessionState,
    half: WriteHalf | undefined,
    { readOnly = false, operation }: { readOnly?: boolean; operation?: Operation } = {},
  ) {
    this.session = session;
    this.#state = state;
    this.#half = half;
    this.#readOnly = readOnly;
    this.#operation = operation;
    if (half === undefined || operation !== undefined) return;
    rememberStoreMaker(this, (one) => new Store(session, state, half, { operation: one }));
  }

  /** Whether every write is refused. */
  get readOnly(): boolean {
    return this.#readOnly || this.#state.mode !== "writable";
  }
  /** Whether `set` can work. */
  get supportsWrites(): boolean {
    return !this.readOnly;
  }
  /** Whether `delete` can work. */
  get supportsDeletes(): boolean {
    return !this.readOnly;
  }
  /** Always true: a session knows its keys. */
  get supportsListing(): boolean {
    return true;
  }

  /** The same session's store, for reading only. */
  withReadOnly(): Store<S> {
    return new Store(this.session, this.#state, undefined, { readOnly: true });
  }

  /**
   * The bytes at `key`, owned by the caller; `undefined` if absent, also under a missing node. One
   * GET at most once manifests are cached.
   * @throws {unimplemented} a virtual chunk
   */
  get(key: string, options?: StoreOptions): Promise<Uint8Array | undefined> {
    return this.#read("get", key, WHOLE, options);
  }

  /**
   * A part of the bytes at `key`: `{ offset, length }`, `{ offset }` or `{ suffixLength }`. Absent:
   * `undefined`. Fails as `get` does, too.
   * @throws {invalid-byte-range} not a range, or outside the value: nothing is clamped
   */
  getRange(
    key: string,
    range: RangeRequest,
    options?: StoreOptions,
  ): Promise<Uint8Array | undefined> {
    return this.#read("getRange", key, range, options);
  }

  /** Several parts of one value, in order. Fails as `getRange` does. */
  async getRanges(
    key: string,
    ranges: readonly RangeRequest[],
    options?: StoreOptions,
  ): Promise<(Uint8Array | undefined)[]> {
    checkOptions("getRanges", options, SIGNAL);
    options?.signal?.throwIfAborted();
    parseStoreKey(key);
    checkList("getRanges", "ranges", ranges);
    return mapConcurrent(ranges, BATCH_REQUESTS_MAX, (range) =>
      this.#read("getRanges", key, range, options),
    );
  }

  /** As `getRange`, of several values, in order; `getPartialValuesConcurrency` at once. */
  async getPartialValues(
    requests: readonly (readonly [key: string, range?: RangeRequest | undefined])[],
    options?: StoreOptions,
  ): Promise<(Uint8Array | undefined)[]> {
    checkOptions("getPartialValues", options, SIGNAL);
    options?.signal?.throwIfAborted();
    checkList("getPartialValues", "requests", requests);
    for (const request of requests) checkList("getPartialValues", "each request", request);
    const limit = this.#state.engine.config.getPartialValuesConcurrency;
    return mapConcurrent(requests, limit, ([key, range]) =>
      this.#read("getPartialValues", key, range ?? WHOLE, options),
    );
  }

  /**
   * Writes a node's zarr.json or a chunk. Chunks above the inline threshold are stored at once (one
   * PUT); nothing is visible to others before the commit.
   * @throws {node-not-found} a chunk under a path without a node
   * @throws {not-an-array} a chunk of a group
   * @throws {invalid-chunk-index} outside the grid, or another rank
   * @throws {zero-length-chunk}
   * @throws {bad-metadata} not strict JSON, not Zarr 3, or an unknown node type
   * @throws {invalid-array-metadata} members that cannot work, or another rank than before
   * @throws {node-already-exists} a group where an array is, or the reverse
   * @throws {unimplemented} a key of Zarr 2
   * @throws {node-changed} chunks of the array got another meaning while this one was stored
   */
  set(key: string, bytes: Uint8Array, options?: StoreOptions): Promise<void> {
    return this.#write("set", key, options, (half, signal) => {
      const parsed = half.parseSet("set", key, bytes);
      return this.#withLayers(signal, (layers) =>
        half.setKey(this.#state, layers, parsed, bytes, signal, this.#operation),
      );
    });
  }

  /**
   * Writes unless something is there already; fails as `set` does. Calls for one key of one session
   * run one after the other: the first one wins. Not atomic across sessions. A read-only store
   * refuses only what it would have to write.
   */
  async setIfNotExists(key: string, bytes: Uint8Array, options?: StoreOptions): Promise<void> {
    if (this.readOnly && (await this.has(key, options))) return;
    return this.#write("setIfNotExists", key, options, (half, signal) => {
      const parsed = half.parseSet("setIfNotExists", key, bytes);
      const { generation } = this.#state;
      return inTurn(this.#state, key, async () => {
        if (await hasKey(this.#state, parsed, signal)) return;
        if (this.#state.generation !== generation) return; // Discarded meanwhile.
        await this.#withLayers(signal, (layers) =>
          half.setKey(this.#state, layers, parsed, bytes, signal, this.#operation),
        );
      });
    });
  }

  /** Whether the node exists, or the chunk has a reference. Chunk bytes are not fetched. */
  has(key: string, options?: StoreOptions): Promise<boolean> {
    try {
      checkOptions("has", options, SIGNAL);
      return Promise.resolve(hasKey(this.#state, parseStoreKey(key), options?.signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same as `has`. */
  exists(key: string, options?: StoreOptions): Promise<boolean> {
    return this.has(key, options);
  }

  /**
   * Deletes a chunk, an array, or a group with everything below it. Deleting what is not there
   * changes nothing, whatever lies below it; but deleting an absent chunk inside the grid counts as
   * a change.
   */
  delete(key: string, options?: StoreOptions): Promise<void> {
    return this.#write("delete", key, options, (half, signal) => {
      const parsed = parseStoreKey(key);
      if (parsed.kind === "zarr-v2") return undefined;
      return this.#withLayers(signal, (layers) =>
        half.deleteKey(this.#state, layers, parsed, this.#operation),
      );
    });
  }

  /** Deletes the array at `prefix`, the group with everything below it, or the chunks under `<array>/c[/…]`. */
  deleteDir(prefix: string, options?: StoreOptions): Promise<void> {
    return this.#write("deleteDir", prefix, options, (half, signal) =>
      this.#withLayers(signal, (layers) =>
        half.deletePrefix(this.#state, layers, prefix, signal, this.#operation),
      ),
    );
  }

  /** Deletes every node, below a root or not. History is untouched. */
  clear(options?: StoreOptions): Promise<void> {
    return this.#write("clear", "/", options, (half, signal) =>
      this.#withLayers(signal, (layers) =>
        half.removeAllNodes(this.#state, layers, this.#operation),
      ),
    );
  }

  /** All keys: metadata first, then chunks. */
  list(options?: StoreOptions): AsyncList<string> {
    return this.listPrefix("", options);
  }

  /** Keys of the node at `prefix` and all below it. @throws {bad-key-prefix} if no node is there */
  listPrefix(prefix: string, options?: StoreOptions): AsyncList<string> {
    checkOptions("listPrefix", options, SIGNAL);
    return asyncList(() => listKeys(this.#state, prefix, options?.signal));
  }

  /** Names directly under `prefix`, none if nothing is there. An array always shows `zarr.json` and `c`. */
  listDir(prefix: string, options?: StoreOptions): AsyncList<string> {
    checkOptions("listDir", options, SIGNAL);
    return asyncList(() => listDirectory(this.#state, prefix, options?.signal));
  }

  /**
   * Bytes stored under `key`, from the reference alone; 0 for an absent chunk of an array.
   * @throws {node-not-found}
   * @throws {not-an-array} a chunk of a group
   */
  async getSize(key: string, options?: StoreOptions): Promise<number> {
    checkOptions("getSize", options, SIGNAL);
    return sizeOf(this.#state, key, options?.signal);
  }

  /** Sum of `getSize` over `listPrefix(prefix)`. @throws {bad-key-prefix} if no node is there */
  async getSizePrefix(prefix: string, options?: StoreOptions): Promise<number> {
    checkOptions("getSizePrefix", options, SIGNAL);
    return sizeOfPrefix(this.#state, prefix, options?.signal);
  }

  /** Whether `listDir(prefix)` is empty. */
  async isEmpty(prefix: string, options?: StoreOptions): Promise<boolean> {
    for await (const _ of this.listDir(prefix, options)) return false;
    return true;
  }

  /** Every existing chunk of an array, with its reference. Fails as `Session.chunkCoordinates` does. */
  arrayChunks(path: string, options?: StoreOptions): AsyncList<ArrayChunk> {
    checkOptions("arrayChunks", options, SIGNAL);
    return asyncList(() => eachChunk(this.#state, path, options?.signal));
  }

  /**
   * Points a chunk at bytes [offset, offset + length) of an object elsewhere. The object is not
   * contacted. `etag` wins over `lastModified` (rounded up to seconds). With `validateContainer`
   * (the default) a virtual chunk container must match the location.
   * @throws {not-allowed} not the key of a chunk
   * @throws {node-not-found} @throws {not-an-array}
   * @throws {invalid-chunk-index} outside the grid, or another rank
   * @throws {invalid-virtual-ref} a location, offset, length, ETag or time that cannot be
   * @throws {zero-length-chunk} @throws {no-container-for-virtual-chunk}
   */
  setVirtualRef(key: string, ref: VirtualRefInput, options?: VirtualRefOptions): Promise<void> {
    return this.#writeRefs("setVirtualRef", key, options, (virtual, layers) =>
      virtual.setVirtualRef(this.#state, layers, key, parseStoreKey(key), ref, options),
    );
  }

  /** As `setVirtualRef`, for many chunks of one array, all or none; `details.refused` has those at fault. @throws {invalid-path} */
  setVirtualRefs(
    arrayPath: string,
    refs: Iterable<{ readonly index: readonly number[] } & VirtualRefInput>,
    options?: VirtualRefOptions,
  ): Promise<void> {
    return this.#writeRefs("setVirtualRefs", arrayPath, options, (virtual, layers) =>
      virtual.setVirtualRefs(this.#state, layers, parseNodePath(arrayPath), refs, options),
    );
  }

  /**
   * As `setVirtualRefs`, of a box of chunks as columns, in row-major order of `gridShape`. Where the
   * location is empty, the chunk stays as it is.
   */
  setVirtualRefColumns(
    arrayPath: string,
    columns: VirtualRefColumns,
    options?: VirtualRefOptions,
  ): Promise<void> {
    return this.#writeRefs("setVirtualRefColumns", arrayPath, options, (virtual, layers) =>
      virtual.setVirtualRefColumns(this.#state, layers, parseNodePath(arrayPath), columns, options),
    );
  }

  /** One read. Commits, and what ends work, wait for it; for those of an operation with that. */
  async #read(
    operation: string,
    key: string,
    range: RangeRequest,
    options: StoreOptions | undefined,
  ): Promise<Uint8Array | undefined> {
    checkOptions(operation, options, SIGNAL);
    const state = this.#state;
    const counted = this.#operation === undefined ? 1 : 0;
    state.reads += counted;
    try {
      return await readKey(state, key, range, options?.signal, this.#operation);
    } finally {
      state.reads -= counted;
      if (state.reads === 0) state.whenRead?.();
    }
  }

  /** Runs one mutation: refused when read-only or busy, awaited by commit, never thrown synchronously. */
  #write(
    operation: string,
    key: string,
    options: StoreOptions | VirtualRefOptions | undefined,
    work: (half: WriteHalf, signal: AbortSignal | undefined) => Promise<void> | undefined,
    known: OptionKinds = SIGNAL,
  ): Promise<void> {
    try {
      checkOptions(operation, options, known);
      if (this.#readOnly) {
        const details = { operation };
        throw makeError("read-only-store", `${operation}: the store is read-only`, { details });
      }
      const state = this.#state;
      const steps = this.#operation;
      const half = this.#half;
      if (half === undefined) throw readOnlyError("read-only-session", operation, state);
      if (!half.admitWrite(state, operation, steps)) return Promise.resolve();
      const signal = options?.signal;
      signal?.throwIfAborted();
      const write = work(half, signal);
      state.lateWrites?.add(key);
      if (write === undefined) return Promise.resolve();
      const tracked = half.trackWrite(state, write, steps?.name ?? key, signal);
      return abortable(tracked, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** `#write` of references, of which alone the container may be checked. */
  #writeRefs(
    operation: string,
    target: string,
    options: VirtualRefOptions | undefined,
    work: (virtual: VirtualPart, layers: Layers) => undefined,
  ): Promise<void> {
    return this.#write(
      operation,
      target,
      options,
      (half, signal) =>
        half.withVirtual(this.#state, signal, (virtual) =>
          this.#withLayers(signal, (layers) => work(virtual, layers)),
        ),
      VIRTUAL_REF,
    );
  }

  /** Calls `work` at once when the base is loaded, so that small writes need no await. */
  #withLayers(
    signal: AbortSignal | undefined,
    work: (layers: Layers) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    const { base, generation } = this.#state;
    if (base !== undefined) return work(layersOf(this.#state, base));
    return loadLayers(this.#state, signal).then((layers) =>
      // What was discarded while the base was loading stays discarded.
      this.#state.generation === generation ? work(layers) : undefined,
    );
  }
}

showAsText(Store.prototype, ({ session }) => `<icefloe.Store of ${session}>`);
