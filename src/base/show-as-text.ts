/** What consoles print of an object whose state is private. */

/** Makes the consoles of Node, Bun and Deno show a class by a text; unless given, its `toString`. */
export function showAsText<T extends object>(
  prototype: T,
  text: (self: T) => string = String,
): void {
  for (const hook of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
    Object.defineProperty(prototype, Symbol.for(hook), {
      value(this: T) {
        return text(this);
      },
      configurable: true,
      writable: true,
    });
  }
}
