/** One update in the queue of a repo state: what it changes, and who waits for it. */
import { onAbort } from "../base/on-abort.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { RepoChange } from "./repo-change.ts";

/** What a member is made of. */
interface MemberOptions {
  readonly signal?: AbortSignal | undefined;
  readonly landed?: ((repo: RepoInfo) => boolean) | undefined;
  readonly bypassStatus?: boolean | undefined;
}

/** A queued update. Settled once; later calls do nothing. */
export class Member {
  readonly change: (repo: RepoInfo) => RepoChange;
  readonly bypassStatus: boolean;
  readonly signal: AbortSignal | undefined;
  /** `waiting`: abort rejects at once. `sent`: the put is under way, abort is ignored. */
  #phase: "waiting" | "sent" | "settled" = "waiting";
  readonly #landed: ((repo: RepoInfo) => boolean) | undefined;
  readonly #settle: (repo: RepoInfo) => void;
  readonly #fail: (reason: unknown) => void;
  readonly #forget: (() => void) | undefined;

  /** Waits; `settle` and `fail` are those of its promise. */
  constructor(
    change: (repo: RepoInfo) => RepoChange,
    options: MemberOptions,
    settle: (repo: RepoInfo) => void,
    fail: (reason: unknown) => void,
  ) {
    this.change = change;
    this.bypassStatus = options.bypassStatus ?? false;
    this.signal = options.signal;
    this.#landed = options.landed;
    this.#settle = settle;
    this.#fail = fail;
    this.#forget = this.signal && onAbort(this.signal, () => this.#abandon());
  }

  /** Whether somebody still waits for it. */
  get isLive(): boolean {
    return this.#phase !== "settled";
  }

  landed(repo: RepoInfo): boolean {
    return this.#landed?.(repo) ?? false;
  }

  markSent(): void {
    this.#phase = "sent";
  }

  /** Back to waiting, unless it was aborted meanwhile. */
  markLost(): void {
    this.#phase = "waiting";
    if (this.signal?.aborted) this.#abandon();
  }

  resolve(repo: RepoInfo): void {
    if (this.#finish()) this.#settle(repo);
  }

  reject(reason: unknown): void {
    if (this.#finish()) this.#fail(reason);
  }

  #abandon(): void {
    if (this.#phase === "waiting") this.reject(this.signal?.reason);
  }

  #finish(): boolean {
    if (this.#phase === "settled") return false;
    this.#phase = "settled";
    this.#forget?.();
    return true;
  }
}

/** Whether somebody still waits for `member`. */
export function isLive(member: Member): boolean {
  return member.isLive;
}
