/** Opening a large array cold, to read one chunk: whoever wrote the file, on every Node. */
import { open, SIZES, write } from "./inline-chunks.mjs";

const WRITERS = {
  "icefloe, Node 20": { engine: "icefloe", node: "20" },
  "icefloe, Node 24": { engine: "icefloe", node: "24" },
  official: { engine: "official" },
};

const figuresOf = (at) => {
  const sides = { side: `icefloe: ${at}`, other: `official: ${at}`, unit: "ms" };
  return [
    { ...sides, label: `written by ${at}`, of: (r) => r.open.openMs, reach: 0.4 },
    {
      ...sides,
      label: `the same with the import: ${at}`,
      of: (r) => r.open.openMs + r.open.importMs,
    },
  ];
};

export const cases = [
  {
    name: "cold-open",
    title: "1M inline chunks opened cold, the first chunk read, local",
    place: { kind: "local", durability: "none" },
    nodes: ["20", "22", "24", "26"],
    sizes: SIZES,
    shared: Object.fromEntries(
      Object.entries(WRITERS).map(([name, writer]) => [name, { ...writer, phase: "write" }]),
    ),
    sides: Object.fromEntries(
      Object.keys(WRITERS).flatMap((at) => [
        [`icefloe: ${at}`, { engine: "icefloe", at }],
        [`official: ${at}`, { engine: "official", at }],
      ]),
    ),
    phases: { write, open },
    steps: ["open"],
    figures: Object.keys(WRITERS).flatMap(figuresOf),
  },
];
