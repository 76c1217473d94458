/**
 * The little XML that object stores speak: flat elements without attributes, found by their names.
 * A reader of its own, of one pass, because a general parser is larger than all that reads objects.
 */

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
};

/** What stands in each element `name` of `xml`, as it is written there. */
export function* xmlElements(xml: string, name: string): Generator<string> {
  const open = `<${name}>`;
  const close = `</${name}>`;
  for (let start = xml.indexOf(open); start >= 0; start = xml.indexOf(open, start)) {
    start += open.length;
    const end = xml.indexOf(close, start);
    if (end < 0) return; // Cut off: whoever needs the rest misses it.
    yield xml.slice(start, end);
    start = end + close.length;
  }
}

/** The text of the first element `name`, `undefined` if there is none. */
export function textIn(xml: string, name: string): string | undefined {
  for (const text of xmlElements(xml, name)) return decodeXml(text);
  return undefined;
}

function decodeXml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi,
    (all, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name] ?? all;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

/** `text` as it stands in an element. Line ends would be changed, so they are written as numbers. */
export function encodeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Whether XML 1.0 has a form for all of `text`. XML 1.0 "Characters". */
export function fitsXml(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for.
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);
}
