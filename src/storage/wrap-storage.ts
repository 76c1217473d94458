/** Wrappers that users put around storages, and which the settings of a repository pass through. */
import { type Interceptor, interceptStorage } from "./intercept.ts";
import type { Storage } from "./port.ts";

/** As `interceptStorage`; with settings, so is what `inner` becomes by them. */
export function wrapStorage(inner: Storage, interceptor: Interceptor): Storage {
  const wrapped = interceptStorage(inner, interceptor);
  return Object.assign(
    wrapped,
    settingsOf(inner, (settled) => wrapStorage(settled, interceptor)),
  );
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
