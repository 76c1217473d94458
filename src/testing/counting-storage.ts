/** Counts requests and bytes: for tests that hold the engine to a budget. */
import { receivedBytes, type StorageOperation, type StorageRequest } from "../storage/intercept.ts";
import type { ObjectKind, Storage } from "../storage/port.ts";
import { wrapStorage } from "../storage/wrap-storage.ts";

/** Requests and bytes of one kind. */
export interface RequestCount {
  readonly requests: number;
  /** Bytes of bodies sent. */
  readonly sentBytes: number;
  /** Bytes of objects received. */
  readonly receivedBytes: number;
}

/** One request that was made. */
export interface RequestRecord {
  readonly operation: StorageOperation;
  readonly path: string;
  readonly objectKind?: ObjectKind | undefined;
}

/** A storage that counts; counts are snapshots, they do not change after they were read. */
export interface CountingStorage extends Storage {
  /** All requests together. */
  readonly total: RequestCount;
  /** Requests by operation; operations that did not occur count zero. */
  readonly byOperation: Readonly<Record<StorageOperation, RequestCount>>;
  /** Puts and copies by object kind; only kinds that occurred. */
  readonly byObjectKind: Readonly<Partial<Record<ObjectKind, RequestCount>>>;
  /** Every request since the last reset, in order of their start; the first 100,000. */
  readonly log: readonly RequestRecord[];
  /** Starts counting from zero. */
  reset(): void;
}

const LOG_ENTRIES_MAX = 100_000;
const OPERATIONS: readonly StorageOperation[] = [
  "get",
  "getIfChanged",
  "put",
  "head",
  "copy",
  "list",
  "delete",
];

type Mutable = { -readonly [Key in keyof RequestCount]: number };
const zero = (): Mutable => ({ requests: 0, sentBytes: 0, receivedBytes: 0 });

/** `storage`, counting requests (failed ones too) and the bytes of bodies and objects. */
export function countingStorage(storage: Storage): CountingStorage {
  const operations = new Map<StorageOperation, Mutable>();
  const kinds = new Map<ObjectKind, Mutable>();
  const log: RequestRecord[] = [];

  const countersOf = (request: StorageRequest): Mutable[] => {
    const found = [operations.get(request.operation) ?? zero()];
    operations.set(request.operation, found[0] as Mutable);
    if (request.objectKind === undefined) return found;
    const ofKind = kinds.get(request.objectKind) ?? zero();
    kinds.set(request.objectKind, ofKind);
    return [...found, ofKind];
  };
  const begin = (request: StorageRequest): Mutable[] => {
    const counters = countersOf(request);
    for (const counter of counters) {
      counter.requests++;
      if (!request.isInParts) counter.sentBytes += request.sentBytes;
    }
    const { operation, path, objectKind } = request;
    if (log.length < LOG_ENTRIES_MAX) log.push({ operation, path, objectKind });
    return counters;
  };

  const counted = wrapStorage(storage, {
    async request(request, run) {
      const counters = begin(request);
      try {
        const result = await run();
        for (const counter of counters) counter.receivedBytes += receivedBytes(result);
        return result;
      } finally {
        // A body in parts is known now, as far as it was taken.
        if (request.isInParts)
          for (const counter of counters) counter.sentBytes += request.sentBytes;
      }
    },
    async *list(request, run) {
      begin(request);
      yield* run();
    },
  });
  return Object.defineProperties(counted, {
    total: {
      get(): RequestCount {
        const sum = zero();
        for (const counter of operations.values()) {
          sum.requests += counter.requests;
          sum.sentBytes += counter.sentBytes;
          sum.receivedBytes += counter.receivedBytes;
        }
        return sum;
      },
    },
    byOperation: {
      get: () =>
        Object.fromEntries(
          OPERATIONS.map((name) => [name, { ...(operations.get(name) ?? zero()) }]),
        ),
    },
    byObjectKind: {
      get: () => Object.fromEntries([...kinds].map(([kind, counter]) => [kind, { ...counter }])),
    },
    log: { get: () => [...log] },
    reset: {
      value: (): void => {
        operations.clear();
        kinds.clear();
        log.length = 0;
      },
    },
  }) as CountingStorage;
}
