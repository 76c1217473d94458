/** A place in a pattern that is being parsed. */

/** The pattern is not valid, or uses what is not supported; never leaves the parser. */
export class InvalidPattern extends Error {}

/** Reads a pattern from front to back. */
export class PatternCursor {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** What has not been read yet. */
  get rest(): string {
    return this.#pattern.slice(this.#at);
  }

  /** Reads what `expression`, anchored by a caret, finds here; `undefined`: nothing, no step. */
  take(expression: RegExp): RegExpExecArray | undefined {
    const match = expression.exec(this.rest) ?? undefined;
    this.#at += match?.[0].length ?? 0;
    return match;
  }

  /** Reads what must stand here. */
  mustTake(expression: RegExp): RegExpExecArray {
    const match = this.take(expression);
    if (match === undefined) throw new InvalidPattern();
    return match;
  }
}
