/**
 * The rules of the storage port as cases that any backend can run, in any test framework: each
 * makes a fresh storage, tries one rule, and throws if it is broken. Cases that need what the
 * storage says it lacks are skipped, and say so; a capability that is claimed is tried.
 */
import { makeError } from "../base/errors.ts";
import type { StorageCapabilities } from "../storage/port.ts";
import type { CaseDefinition, ConformanceSubject } from "./conformance/case.ts";
import { CONDITION_CASES } from "./conformance/conditions.ts";
import { NAMING_CASES } from "./conformance/naming.ts";
import { READING_CASES } from "./conformance/reading.ts";
import { WRITING_CASES } from "./conformance/writing.ts";

/** What became of a case that was not broken. */
export type ConformanceResult =
  | { readonly outcome: "passed" }
  | { readonly outcome: "skipped"; readonly reason: string };

/** One case: a rule, and how to try it. */
export interface ConformanceCase {
  /** The rule, as a sentence. */
  readonly name: string;
  /** Tries the rule on a fresh storage; rejects with the case's name, and the failure as cause, if it is broken. */
  run(): Promise<ConformanceResult>;
}

function skipReason(
  definition: CaseDefinition,
  capabilities: StorageCapabilities,
): string | undefined {
  const lacking = definition.needs.filter((name) => !capabilities[name]);
  if (lacking.length > 0) return `the storage lacks ${lacking.join(", ")}`;
  const having = definition.unless.filter((name) => capabilities[name]);
  return having.length > 0 ? `the storage has ${having.join(", ")}` : undefined;
}

/**
 * The cases for the storages that `makeStorage` makes; each call must give a fresh, empty one.
 *
 * @example
 * for (const { name, run } of storageConformance(async () => ({ storage: memoryStorage() })))
 *   test(name, run);
 */
export function storageConformance(
  makeStorage: () => Promise<ConformanceSubject>,
): ConformanceCase[] {
  const definitions = [...READING_CASES, ...WRITING_CASES, ...CONDITION_CASES, ...NAMING_CASES];
  return definitions.map((definition) => ({
    name: definition.name,
    async run(): Promise<ConformanceResult> {
      const { storage, writer = storage, dispose } = await makeStorage();
      try {
        const reason = skipReason(definition, storage.capabilities);
        if (reason !== undefined) return { outcome: "skipped", reason };
        await definition.run(storage, writer);
        return { outcome: "passed" };
      } catch (cause) {
        const found = cause instanceof Error ? cause.message : String(cause);
        throw makeError("storage-other", `storage breaks a rule: ${definition.name}: ${found}`, {
          details: { case: definition.name, storage: storage.id },
          cause,
        });
      } finally {
        await dispose?.();
      }
    },
  }));
}
