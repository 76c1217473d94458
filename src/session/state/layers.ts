/** What a session reads through: its own changes over the overlay over the base snapshot. */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import type { ChangeSet } from "../changes/change-set.ts";

/** The three layers of a session, the base loaded. */
export interface Layers {
  readonly base: SnapshotIndex;
  readonly overlay: ChangeSet;
  readonly own: ChangeSet;
}
