/** One update in the queue of a repo state: what it changes, and who waits for it. */
import { onAbort } from "../base/on-abort.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { RepoChange } from "./repo-change.ts";

/** A queued update. Settled once; later calls do nothing. */
export interface Member {
  readonly change: (repo: RepoInfo) => RepoChange;
  readonly bypassStatus: boolean;
  readonly signal: AbortSignal | undefined;
  /** `waiting`: abort rejects at once. `sent`: the put is under way, abort is ignored. */
  readonly phase: "waiting" | "sent" | "settled";
  landed(repo: RepoInfo): boolean;
  markSent(): void;
  /** Back to waiting, unless it was aborted meanwhile. */
  markLost(): void;
  resolve(repo: RepoInfo): void;
  reject(reason: unknown): void;
}

/** What a member is made of. */
interface MemberOptions {
  readonly signal?: AbortSignal | undefined;
  readonly landed?: ((repo: RepoInfo) => boolean) | undefined;
  readonly bypassStatus?: boolean | undefined;
}

/** How the promise of a member is settled. */
interface Settle {
  resolve(repo: RepoInfo): void;
  reject(reason: unknown): void;
}

/** A member that waits. */
export function createMember(
  change: (repo: RepoInfo) => RepoChange,
  { signal, landed = () => false, bypassStatus = false }: MemberOptions,
  settle: Settle,
): Member {
  let phase: Member["phase"] = "waiting";
  const abandon = (): void => {
    if (phase === "waiting") finish(() => settle.reject(signal?.reason));
  };
  const finish = (act: () => void): void => {
    if (phase === "settled") return;
    phase = "settled";
    forget();
    act();
  };
  const forget = onAbort(signal, abandon);
  return {
    change,
    bypassStatus,
    signal,
    landed,
    get phase() {
      return phase;
    },
    markSent() {
      phase = "sent";
    },
    markLost() {
      phase = "waiting";
      if (signal?.aborted) abandon();
    },
    resolve: (repo) => finish(() => settle.resolve(repo)),
    reject: (reason) => finish(() => settle.reject(reason)),
  };
}

/** Whether somebody still waits for `member`. */
export function isLive(member: Member): boolean {
  return member.phase !== "settled";
}
