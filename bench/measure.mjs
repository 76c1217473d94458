/** Clocks and counters of one process. */
import { existsSync, readFileSync } from "node:fs";

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

/** Milliseconds that `work` takes, and of processor time, in all threads. */
export async function measured(work) {
  const before = process.cpuUsage();
  const ms = await timed(work);
  const { user, system } = process.cpuUsage(before);
  return { ms, cpuMs: (user + system) / 1000 };
}

/** Bytes that this process has asked the file system for so far; `undefined` where nobody counts. */
export function bytesRead() {
  return linuxCounter("/proc/self/io", /rchar: (\d+)/);
}

/** Most memory this process ever held. Linux keeps a parent's peak in maxRSS: VmHWM is our own. */
export function peakBytes() {
  const kilobytes = linuxCounter("/proc/self/status", /VmHWM:\s+(\d+) kB/);
  return 1024 * (kilobytes ?? process.resourceUsage().maxRSS);
}

function linuxCounter(file, pattern) {
  const line = existsSync(file) ? pattern.exec(readFileSync(file, "utf8")) : null;
  return line === null ? undefined : Number(line[1]);
}
