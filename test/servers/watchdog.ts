/** Ends a server, and removes its files, when the process that started it is gone, however it went. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/**
 * Each line names the process to end, an empty one none. The input ends with the process that
 * writes it, also by kill -9. Signals of a terminal go to its whole group: they are no reason.
 */
const SCRIPT = `trap '' HUP INT TERM
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
[ -z "$1" ] || rm -rf "$1"`;

export class Watchdog {
  readonly #child: ChildProcess;

  /** Removes `folder` at the end, unless it is `undefined`. */
  constructor(folder: string | undefined) {
    this.#child = spawn("sh", ["-c", SCRIPT, "sh", folder ?? ""], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    // Neither may keep the process alive that it watches.
    this.#child.unref();
    (this.#child.stdin as Socket).unref();
  }

  /** Watches over this process from now on, or over none. */
  watch(pid: number | undefined): void {
    this.#child.stdin?.write(`${pid ?? ""}\n`);
  }

  /** Ends the watch, and leaves all as it is. */
  end(): void {
    this.#child.kill("SIGKILL");
  }
}
