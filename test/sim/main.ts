/** `npm run sim -- --seeds N --start S`: simulations of N seeds, and what came of them. */
import { parseArgs } from "node:util";
import { simulate } from "./simulation.ts";

const FAILURES_MAX = 10;
const SAY_EVERY = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "300" },
    start: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const start = Number(values.start);
const sums: Record<string, number> = {};
const add = (name: string, count: number): void => {
  sums[name] = (sums[name] ?? 0) + count;
};
let passed = 0;
let failed = 0;
for (let seed = start; seed < start + seeds && failed < FAILURES_MAX; seed++) {
  try {
    const { trace, injected, fates, ...report } = await simulate(seed, { keepTrace: values.trace });
    if (values.trace) process.stdout.write(trace.join(""));
    const { events, transitions, virtualSeconds, deaths } = report;
    const counts = { events, transitions, virtualSeconds, deaths, ...fates, ...injected };
    for (const [name, count] of Object.entries(counts)) add(name, count);
    passed++;
  } catch (error) {
    failed++;
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
  }
  const done = seed - start + 1;
  if (done % SAY_EVERY === 0) process.stdout.write(`${done} seeds: ${JSON.stringify(sums)}\n`);
}
process.stdout.write(`${JSON.stringify(sums)}\n\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
