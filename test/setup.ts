/**
 * One seed for all property tests, so that a run can be repeated and a red run is about the change
 * at hand. Other histories: `SEED=7 npm test`.
 */
import fc from "fast-check";

const SEED = Number(process.env["SEED"] ?? 20_261_124);

fc.configureGlobal({ seed: SEED });
