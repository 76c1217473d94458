/** A storage whose requests are recorded, and can be held back or made to fail. */
import type { Storage } from "../../../src/storage/port.ts";

/** One request, as `operation path`. */
export interface RecordingStorage extends Storage {
  readonly requests: string[];
  /** The signal of each, where it had one. */
  readonly signals: (AbortSignal | undefined)[];
  /** Called before each request; may wait or throw. */
  before: (operation: string, path: string) => Promise<void> | void;
  /** Called after each request has taken effect, before its reply arrives; may wait or throw. */
  after: (operation: string, path: string) => Promise<void> | void;
}

const RECORDED = ["get", "getIfChanged", "put", "head", "copy"] as const;

/** Wraps `inner`. */
export function recordingStorage(
  inner: Storage,
  capabilities: Partial<Storage["capabilities"]> = {},
): RecordingStorage {
  const recording: RecordingStorage = {
    id: inner.id,
    capabilities: { ...inner.capabilities, ...capabilities },
    requests: [],
    signals: [],
    before: () => undefined,
    after: () => undefined,
    describe: () => inner.describe(),
    get: inner.get.bind(inner),
    getIfChanged: inner.getIfChanged.bind(inner),
    put: inner.put.bind(inner),
    head: inner.head.bind(inner),
    copy: inner.copy.bind(inner),
    list: (prefix, options) => {
      recording.requests.push(`list ${prefix}`);
      return inner.list(prefix, options);
    },
    delete: (paths, options) => inner.delete(paths, options),
    close: () => inner.close(),
  };
  for (const operation of RECORDED) {
    const call = inner[operation].bind(inner) as (...args: unknown[]) => Promise<unknown>;
    const recorded = async (...args: unknown[]): Promise<unknown> => {
      const path = args[0] as string;
      recording.requests.push(`${operation} ${path}`);
      recording.signals.push((args.at(-1) as { signal?: AbortSignal } | undefined)?.signal);
      await recording.before(operation, path);
      const reply = await call(...args);
      await recording.after(operation, path);
      return reply;
    };
    Object.assign(recording, { [operation]: recorded });
  }
  return recording;
}
