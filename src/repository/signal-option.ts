/** The option that every operation with I/O takes. */
import { checkOptions, type OptionKinds, SIGNAL } from "../base/options.ts";

/** Lets the caller end an operation early. */
export interface SignalOption {
  /** Rejects with `signal.reason`; once a change of the repository is sent, abort is ignored. */
  readonly signal?: AbortSignal | undefined;
}

/** The signal in `options`, which may have the `known` keys. @throws {invalid-option} */
export function takeSignal(
  operation: string,
  options: SignalOption | undefined,
  known: OptionKinds = SIGNAL,
): AbortSignal | undefined {
  checkOptions(operation, options, known);
  return options?.signal;
}
