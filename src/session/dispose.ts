/** `await using` for sessions: leaving the scope discards, never commits. */

/** What can be discarded. */
interface Discardable {
  readonly readOnly: boolean;
  discardChanges(): void;
}

/**
 * Gives an object `[Symbol.asyncDispose]`, where the runtime has that symbol: on others a property
 * named "undefined" would appear. Per object, since a statement at the top of a module would keep
 * bundlers from dropping the class.
 */
export function defineAsyncDispose(target: Discardable): void {
  const symbol: symbol | undefined = Symbol.asyncDispose;
  if (symbol === undefined) return;
  Object.defineProperty(target, symbol, {
    configurable: true,
    writable: true,
    async value(): Promise<void> {
      if (!target.readOnly) target.discardChanges();
    },
  });
}
