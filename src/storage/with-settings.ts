/**
 * A storage as the settings of a repository say. What backends do with requests they do themselves
 * (`Storage.withSettings`); what leaves a put is left out here, for all of them alike.
 */
import type { StorageSettings } from "../format/config/storage.ts";
import type { PutOptions, Storage, StorageCapabilities } from "./port.ts";

/** Settings that switch something off, and the capability that is no longer asked of the storage. */
const SWITCHES = {
  unsafeUseConditionalUpdate: "conditionalUpdate",
  unsafeUseConditionalCreate: "conditionalCreate",
  unsafeUseMetadata: "userMetadata",
} as const satisfies Partial<Record<keyof StorageSettings, keyof StorageCapabilities>>;

/**
 * The settings that have an effect on `storage`. Conditions that a storage in this process keeps by
 * its nature cannot be switched off, nor need to be.
 */
export function settingsHonoured(storage: Storage): readonly (keyof StorageSettings)[] {
  const own = storage.settingsHonoured ?? [];
  const lacking = (Object.keys(SWITCHES) as (keyof typeof SWITCHES)[]).filter(
    (name) => !storage.capabilities[SWITCHES[name]],
  );
  return [...new Set([...own, ...lacking])];
}

/**
 * `storage` with `settings`, instead of any that it had. A condition that they switch off is asked of
 * it no more, and counts as kept: the user has taken that upon himself.
 */
export function withSettings(storage: Storage, settings: StorageSettings): Storage {
  const honoured = settingsHonoured(storage);
  const isOff = (name: keyof typeof SWITCHES): boolean =>
    settings[name] === false && honoured.includes(name);
  const inner = storage.withSettings?.(settings) ?? storage;
  const isBlindUpdate = isOff("unsafeUseConditionalUpdate");
  const isBlindCreate = isOff("unsafeUseConditionalCreate");
  const isPlain = isOff("unsafeUseMetadata");
  if (!isBlindUpdate && !isBlindCreate && !isPlain) return inner;
  const trimmed = (options: PutOptions): PutOptions => {
    const { condition, metadata } = options;
    const isBlind =
      condition !== undefined && ("ifAbsent" in condition ? isBlindCreate : isBlindUpdate);
    return {
      ...options,
      condition: isBlind ? undefined : condition,
      metadata: isPlain ? undefined : metadata,
    };
  };
  return {
    id: inner.id,
    get capabilities() {
      const { conditionalCreate, conditionalUpdate, userMetadata } = inner.capabilities;
      return {
        ...inner.capabilities,
        conditionalCreate: conditionalCreate || isBlindCreate,
        conditionalUpdate: conditionalUpdate || isBlindUpdate,
        userMetadata: userMetadata && !isPlain,
      };
    },
    settingsHonoured: honoured,
    withSettings: (other) => withSettings(storage, other),
    describe: () => inner.describe(),
    close: () => inner.close(),
    get: (path, options) => inner.get(path, options),
    getIfChanged: (path, version, options) => inner.getIfChanged(path, version, options),
    head: (path, options) => inner.head(path, options),
    list: (prefix, options) => inner.list(prefix, options),
    copy: (from, to, options) => inner.copy(from, to, options),
    delete: (paths, options) => inner.delete(paths, options),
    put: (path, body, options) => inner.put(path, body, trimmed(options)),
  };
}
