/** Wrappers that users put around storages, and which the settings of a repository pass through. */
import { type Interceptor, interceptStorage, type StorageRequest } from "./intercept.ts";
import type { PutBody, PutOptions, PutOutcome, Storage } from "./port.ts";
import { isWholeBody } from "./put-body.ts";

/**
 * As `interceptStorage`, with bodies in parts counted as they are taken; with settings, so is what
 * `inner` becomes by them.
 */
export function wrapStorage(inner: Storage, interceptor: Interceptor): Storage {
  const wrapped = interceptStorage(inner, interceptor);
  const { put } = wrapped;
  return Object.assign(
    wrapped,
    {
      put: (path: string, body: PutBody, options: PutOptions): Promise<PutOutcome> =>
        isWholeBody(body)
          ? put(path, body, options)
          : putInParts(inner, interceptor, path, body, options),
    },
    settingsOf(inner, (settled) => wrapStorage(settled, interceptor)),
  );
}

/** A put whose body comes in parts, as one request. */
function putInParts(
  inner: Storage,
  interceptor: Interceptor,
  path: string,
  body: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<PutOutcome> {
  const { objectKind, condition, signal } = options;
  let sentBytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const part of body) {
      sentBytes += part?.length ?? 0;
      yield part;
    }
  }
  const request: StorageRequest = {
    operation: "put",
    path,
    objectKind,
    isConditional: condition !== undefined,
    isInParts: true,
    get sentBytes() {
      return sentBytes;
    },
    signal,
  };
  return interceptor.request(request, () => inner.put(path, counted(), options));
}

/** How a wrapper heeds settings: as what it wraps does. */
export function settingsOf(
  inner: Storage,
  wrap: (settled: Storage) => Storage,
): Pick<Storage, "settingsHonoured" | "withSettings"> {
  if (inner.withSettings === undefined) return {};
  return {
    settingsHonoured: inner.settingsHonoured,
    withSettings: (settings) => wrap(inner.withSettings?.(settings) ?? inner),
  };
}
