/**
 * What a state knows: which writes it holds, and when each maker of writes came to hold what.
 *
 * A fork's bytes that go back to its parent do not say what the parent held: they name it by the
 * parent's last closed epoch, a dot. That is enough, because merging is an event of the receiver's
 * epoch, too: a state that has merged something closes its epoch before it is forked or sent. So
 * - `contains(past, (r, e), write)` (`merge/learning.ts`) finds out what `r` held when it closed
 *   epoch `e`: its own writes up to `e`; what it learnt up to `e`; and what it was born with, which
 *   is the same question about its birth, the closed epoch that it was forked or opened from.
 * - Invariant: a state that holds (r, e) holds the whole past that `r` had then. It is true of `r`,
 *   of copies of it, of bytes that carry the past. A merge takes what a fork has beyond the past
 *   that it names, and is refused unless the receiver holds that name, hence that past: so the
 *   receiver ends up with all the fork has, and the invariant is true of every name in it.
 * - What a state learns in its open epoch belongs to no name that is out. Only the state itself
 *   says what it learnt: what others say of it is what it told them, or a merge that was dropped.
 * So an answer is the same as if every fork carried a whole version vector, and costs a look at each
 * ancestor. `test/model` compares it with sets of writes over random histories.
 */
import { compareUtf8 } from "../../base/bytes.ts";
import { OrderedMap } from "../../base/ordered-map.ts";
import { type Dot, type GrowingVector, growingVector, isCovered } from "./dot.ts";

/** All writes of `origin` up to `epoch`, as `by` came to hold them. */
interface Lesson extends Dot {
  readonly by: string;
}

/** What a state knows; copies cost nothing. */
export interface Past {
  /** What is held. */
  readonly vector: GrowingVector;
  /** Per origin the closed epoch that it began with, if that held anything. */
  readonly births: OrderedMap<string, Dot>;
  /** In which of its epochs a state came to hold writes of others. */
  readonly lessons: OrderedMap<Lesson, number>;
}

/** Nothing is known. */
export function emptyPast(): Past {
  return {
    vector: growingVector(new Map()),
    births: new OrderedMap(compareUtf8),
    lessons: new OrderedMap(compareLessons),
  };
}

/** A copy. O(1). */
export function copyPast({ vector, births, lessons }: Past): Past {
  return { vector: vector.clone(), births: births.clone(), lessons: lessons.clone() };
}

/** Lets `past` hold a closed epoch of a state of that birth. */
export function addClosedEpoch(past: Past, dot: Dot, birth: Dot | undefined): void {
  past.vector.set(dot.origin, dot.epoch);
  if (birth !== undefined) past.births.set(dot.origin, birth);
}

/** What `past` has beyond `below`, which it began with. Costs that, in one history. */
export function pastBeyond(past: Past, below: Past): Past {
  const beyond = emptyPast();
  for (const [origin, epoch] of past.vector.entriesBeside(below.vector)) {
    if (!isCovered(below.vector, { origin, epoch })) beyond.vector.set(origin, epoch);
  }
  for (const [origin, birth] of past.births.entriesBeside(below.births)) {
    if (!below.births.has(origin)) beyond.births.set(origin, birth);
  }
  for (const [lesson, at] of past.lessons.entriesBeside(below.lessons)) {
    if (!below.lessons.has(lesson)) beyond.lessons.set(lesson, at);
  }
  return beyond;
}

function compareLessons(a: Lesson, b: Lesson): number {
  return compareUtf8(a.by, b.by) || compareUtf8(a.origin, b.origin) || a.epoch - b.epoch;
}
