/**
 * One phase of one case on one engine, in a process of its own. Argument: JSON `{ engine, root,
 * file, name, phase, size, folder, options, counted, boundSeconds }`. Last line of stdout: JSON of
 * what was measured.
 */
import { join } from "node:path";
import { peakBytes, timed } from "./measure.mjs";

const run = JSON.parse(process.argv[2]);
const { cases } = await import(`./cases/${run.file}`);
const { phases, place } = cases.find(({ name }) => name === run.name);
let engine;
const importMs = await timed(async () => {
  const { openEngine } = await import(`./engines/${run.engine}.mjs`);
  const where = { ...place, folder: join(run.folder, "repository") };
  engine = await openEngine(where, { counted: run.counted || place.counted, root: run.root });
});
const result = await phases[run.phase]({ ...run, engine });
const { user, system } = process.cpuUsage();
const cpuMs = (user + system) / 1000;
const counts = engine.counts();
const line = JSON.stringify({ importMs, cpuMs, peakBytes: peakBytes(), counts, ...result });
process.stdout.write(`${line}\n`, () => process.exit(0));
