/** Public entry `icefloe/testing`: what backends, and programs on icefloe, are tested with. */
export type { ConformanceSubject } from "./conformance/case.ts";
export {
  type CountingStorage,
  countingStorage,
  type RequestCount,
  type RequestRecord,
} from "./counting-storage.ts";
export {
  type Fault,
  type FaultEffect,
  type FaultyStorage,
  type FaultyStorageOptions,
  faultyStorage,
  type InjectedFault,
} from "./faulty-storage.ts";
export {
  type SimulatedRuntime,
  type SimulatedRuntimeOptions,
  simulatedRuntime,
} from "./simulated-runtime.ts";
export {
  type ConformanceCase,
  type ConformanceResult,
  storageConformance,
} from "./storage-conformance.ts";
