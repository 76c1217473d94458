/** Workers of the browser: not built yet. */
import { makeError } from "../base/errors.ts";
import type { Executor } from "./executor.ts";

/** Runs jobs in web workers. Not built yet: throws `unimplemented`; `tasks()` runs in browsers. */
export function webWorkers(): Executor {
  throw makeError("unimplemented", "webWorkers() is not built yet: use tasks() in a browser");
}
