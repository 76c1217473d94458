/**
 * One phase of one case on one engine, in a process of its own. Argument: JSON `{ engine, file,
 * name, phase, size, folder, options, counted }`. Last line of stdout: JSON of what was measured.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const run = JSON.parse(process.argv[2]);
const beganMs = performance.now();
const { openEngine } = await import(`./engines/${run.engine}.mjs`);
const importMs = performance.now() - beganMs;
const { cases } = await import(`./cases/${run.file}`);
const { phases, place } = cases.find(({ name }) => name === run.name);

const engine = await openEngine(
  { ...place, folder: join(run.folder, "repository") },
  { counted: run.counted },
);
const measured = await phases[run.phase]({ ...run, engine, importMs });
const counts = engine.counts();
const { user, system } = process.cpuUsage();
const cpuMs = (user + system) / 1000;
const result = { ...measured, importMs, cpuMs, peakBytes: peakBytes(), counts };
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

/** Most memory this process ever held. Linux keeps a parent's peak in maxRSS: VmHWM is our own. */
function peakBytes() {
  const status = "/proc/self/status";
  const line = existsSync(status) && /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"));
  return 1024 * (line ? Number(line[1]) : process.resourceUsage().maxRSS);
}
