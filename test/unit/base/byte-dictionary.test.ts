import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteArena } from "../../../src/base/byte-arena.ts";
import { ByteDictionary } from "../../../src/base/byte-dictionary.ts";
import { decodeUtf8 } from "../../../src/base/bytes.ts";
import { NumberColumn } from "../../../src/base/number-column.ts";

const anyText = fc.oneof(
  fc.constantFrom("", "a", "b"),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.nat(3000).map((length) => "x".repeat(length)),
  fc.nat(2000).map((length) => "é".repeat(length)),
);

test("a dictionary gives each text one number, in order of first sight", () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 60 }), (texts) => {
      const dictionary = new ByteDictionary();
      const known: string[] = [];
      for (const text of texts) {
        if (!known.includes(text)) known.push(text);
        expect(dictionary.addText(text)).toBe(known.indexOf(text));
        expect(dictionary.add(new TextEncoder().encode(text))).toBe(known.indexOf(text));
      }
      const copy = dictionary.clone();
      copy.addText("only in the copy");

      expect(dictionary.length).toBe(known.length);
      for (const [code, text] of known.entries()) {
        expect(dictionary.text(code)).toBe(text);
        const target = new Uint32Array(Math.ceil(dictionary.byteLength(code) / 4) + 2);
        dictionary.copyTo(code, target, 1);
        const copied = new Uint8Array(target.buffer, 4, dictionary.byteLength(code));
        expect(decodeUtf8(copied)).toBe(text);
        expect([target.at(0), target.at(-1)]).toEqual([0, 0]);
      }
    }),
  );
});

test("a dictionary of 100,000 texts finds each again", () => {
  const dictionary = new ByteDictionary();
  const text = (i: number): string => `s3://bucket/prefix/file-${i}.nc`;
  for (let i = 0; i < 100_000; i++) dictionary.addText(text(i));
  for (let i = 0; i < 100_000; i++) dictionary.addText(text(i));

  expect(dictionary.length).toBe(100_000);
  expect(dictionary.text(77_777)).toBe(text(77_777));
});

test("an arena keeps strings of any size apart, a slab's size and more included", () => {
  const arena = new ByteArena();
  const sizes = [0, 1, 64, 65, 1000, 1024, 300_000, 262_144, 262_145, 1_048_576, 3_000_000, 5, 900];
  const stored = Array.from({ length: 60 }, (_, i) => {
    const bytes = new Uint8Array(sizes[i % sizes.length]!).fill(i + 1);
    return { bytes, position: arena.append(bytes) };
  });
  const copy = arena.clone();
  copy.append(new Uint8Array(500).fill(255));

  for (const { bytes, position } of stored) {
    for (const one of [arena, copy]) {
      const view = one.view(position, bytes.length);
      expect(view.length).toBe(bytes.length);
      expect(view.every((byte) => byte === bytes[0])).toBe(true);
    }
  }
});

test("an arena wastes at most a quarter of what it holds, beyond a slab", () => {
  const arena = new ByteArena();
  for (let i = 0; i < 200; i++) arena.append(new Uint8Array(250_000));

  expect(arena.bytesHeld).toBeLessThan(200 * 250_000 * 1.34 + 2 ** 20);
});

test("a column reads back what was set last and takes no memory for zeros", () => {
  const value = fc.oneof(fc.constant(0), fc.nat(), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(80), value)), (writes) => {
      const column = new NumberColumn();
      const model = new Map<number, number>();
      for (const [row, number] of writes) {
        column.set(row, number);
        model.set(row, number);
      }
      const copy = column.clone(100);
      copy.set(0, 1);

      for (let row = 0; row < 100; row++) expect(column.get(row)).toBe(model.get(row) ?? 0);
      if (writes.every(([, number]) => number === 0)) expect(column.bytesHeld).toBe(0);
    }),
  );
});
