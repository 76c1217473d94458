/** `await using` for sessions: leaving the scope discards, never commits. */

/** What can be discarded. */
interface Discardable {
  readonly readOnly: boolean;
  discardChanges(): void;
}

/**
 * Gives a class `[Symbol.asyncDispose]`, where the runtime has that symbol: on others a property
 * named "undefined" would appear.
 */
export function defineAsyncDispose(prototype: Discardable): void {
  const symbol: symbol | undefined = Symbol.asyncDispose;
  if (symbol === undefined) return;
  Object.defineProperty(prototype, symbol, {
    configurable: true,
    writable: true,
    async value(this: Discardable): Promise<void> {
      if (!this.readOnly) this.discardChanges();
    },
  });
}
