/**
 * Virtual references: validation, normal form, all or none. Spec: docs/semantics.md
 * "Virtual references".
 */
import { describe, expect, test } from "vitest";
import { chunk, kindOf, rejection, repositoryWithArray } from "../fixture.ts";

const ANY = { validateContainer: false };
const ref = (location: string) => ({ location, offset: 0, length: 10 });

describe("setVirtualRef", () => {
  test.each([
    ["S3://Bucket/a/../b%20c?x#y", "s3://Bucket/a/../b%20c?x#y"],
    ["s3://bucket//double", "s3://bucket//double"],
    ["file:///a/b/../c", "file:///a/c"],
    ["vcc://name/path", "vcc://name/path"],
    ["https://host:8080/é", "https://host:8080/é"],
  ])("stores %s as %s", async (location, stored) => {
    const { session } = await repositoryWithArray();

    await session.store.setVirtualRef("a/c/0", ref(location), ANY);
    await session.store.setVirtualRef("a/c/1", ref(location), ANY);

    const locations: string[] = [];
    for await (const one of session.store.arrayChunks("/a")) {
      // Its type says that there is a location.
      if (one.type === "virtual") locations.push(one.location);
    }
    expect(locations).toEqual([stored, stored]);
    expect(await session.chunkType("/a", [0])).toBe("virtual");
  });

  test.each([
    ["relative/path", 0, 10, "invalid-virtual-ref"],
    ["s3:///key", 0, 10, "invalid-virtual-ref"],
    ["mailto:a@b", 0, 10, "invalid-virtual-ref"],
    ["s3://b/k", -1, 10, "invalid-virtual-ref"],
    ["s3://b/k", 0.5, 10, "invalid-virtual-ref"],
    ["s3://b/k", 0, 0, "zero-length-chunk"],
    ["s3://b/k", Number.MAX_SAFE_INTEGER, 10, "invalid-virtual-ref"],
  ])("refuses %s at %d, length %d", async (location, offset, length, kind) => {
    const { session } = await repositoryWithArray();

    const set = session.store.setVirtualRef("a/c/0", { location, offset, length }, ANY);

    expect(await kindOf(set)).toBe(kind);
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("asks for a container unless told not to", async () => {
    const { session } = await repositoryWithArray();

    const kind = await kindOf(session.store.setVirtualRef("a/c/0", ref("s3://b/k")));

    expect(kind).toBe("no-container-for-virtual-chunk");
  });

  test("rounds a modification time up to seconds, and lets an etag win", async () => {
    const { session } = await repositoryWithArray();
    const lastModified = new Date(1_700_000_000_001);

    await session.store.setVirtualRef("a/c/0", { ...ref("s3://b/k"), lastModified }, ANY);
    await session.store.setVirtualRef(
      "a/c/1",
      { ...ref("s3://b/k"), lastModified, etag: '"e"' },
      ANY,
    );

    const [first, second] = await session.store.arrayChunks("/a").toArray();
    expect(first).toMatchObject({ lastModifiedSeconds: 1_700_000_001 });
    expect(second).toMatchObject({ etag: '"e"' });
    expect(second).not.toHaveProperty("lastModifiedSeconds");
  });

  test("is fetched later: get says so by name", async () => {
    const { session } = await repositoryWithArray();
    await session.store.setVirtualRef("a/c/0", ref("s3://b/k"), ANY);

    expect(await session.store.has("a/c/0")).toBe(true);
    expect(await session.store.getSize("a/c/0")).toBe(10);
    expect(await kindOf(session.store.get("a/c/0"))).toBe("unimplemented");
  });
});

describe("setVirtualRefs", () => {
  test("sets all or none, and lists the indices it refuses", async () => {
    const { session } = await repositoryWithArray();
    const refs = [
      { index: [0], ...ref("s3://b/k") },
      { index: [8], ...ref("s3://b/k") },
      { index: [1], ...ref("nonsense") },
    ];

    const error = await rejection(session.store.setVirtualRefs("/a", refs, ANY));

    expect(error.details).toMatchObject({ path: "/a", refused: [[8], [1]], total: 2 });
    expect(session.hasUncommittedChanges).toBe(false);
  });
});

describe("setVirtualRefColumns", () => {
  test("fills a box in row-major order", async () => {
    const { session } = await repositoryWithArray();

    await session.store.setVirtualRefColumns(
      "/a",
      {
        gridShape: [3],
        gridOffset: [2],
        locations: { dictionary: ["s3://b/x", "s3://b/y"], codes: Uint32Array.of(0, 1, 0) },
        offsets: Float64Array.of(0, 100, 200),
        lengths: Float64Array.of(10, 11, 12),
      },
      ANY,
    );

    const chunks = await session.store.arrayChunks("a").toArray();
    expect(
      chunks.map(({ coordinates, location, offset, length }) => [
        coordinates,
        location,
        offset,
        length,
      ]),
    ).toEqual([
      [[2], "s3://b/x", 0, 10],
      [[3], "s3://b/y", 100, 11],
      [[4], "s3://b/x", 200, 12],
    ]);
  });

  test.each([
    ["a list", ["s3://b/x", "", "s3://b/y", ""]],
    [
      "a dictionary",
      { dictionary: ["s3://b/y", "", "s3://b/x"], codes: Uint32Array.of(2, 1, 0, 1) },
    ],
  ])("leaves chunks as they are whose location in %s is empty", async (_what, locations) => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/3", chunk(1));

    await session.store.setVirtualRefColumns(
      "/a",
      {
        gridShape: [4],
        gridOffset: [2],
        locations,
        offsets: Float64Array.of(0, Number.NaN, 200, 300),
        lengths: Float64Array.of(10, 0, 12, 13),
        etag: '"e"',
      },
      ANY,
    );

    expect(await session.store.arrayChunks("a").toArray()).toMatchObject([
      { coordinates: [2], location: "s3://b/x", offset: 0, length: 10, etag: '"e"' },
      { coordinates: [3], type: "inline" },
      { coordinates: [4], location: "s3://b/y", offset: 200, length: 12, etag: '"e"' },
    ]);
  });

  test("changes nothing where all locations are empty, and checks the others nevertheless", async () => {
    const { session } = await repositoryWithArray();
    const set = (...locations: string[]) =>
      session.store.setVirtualRefColumns(
        "/a",
        {
          gridShape: [2],
          locations,
          offsets: new Float64Array(2),
          lengths: Float64Array.of(0, 1),
        },
        ANY,
      );

    await set("", "");
    expect(await kindOf(set("s3://b/x", ""))).toBe("zero-length-chunk");
    expect(await kindOf(set("", "x"))).toBe("invalid-virtual-ref");
    expect(session.hasUncommittedChanges).toBe(false);
    await set("", "s3://b/x");
    expect(await session.chunkCoordinates("/a").toArray()).toEqual([[1]]);
  });

  const columns = {
    gridShape: [2],
    locations: ["s3://b/x", "s3://b/y"],
    offsets: Float64Array.of(0, 1),
    lengths: Float64Array.of(1, 1),
  };
  test.each([
    ["a box outside the grid", { gridOffset: [7] }, "invalid-chunk-index"],
    ["a column too short", { offsets: Float64Array.of(0) }, "invalid-virtual-ref"],
    ["the wrong rank", { gridShape: [1, 2] }, "invalid-virtual-ref"],
    [
      "a code outside the dictionary",
      { locations: { dictionary: ["s3://b/x"], codes: Uint32Array.of(0, 1) } },
      "invalid-virtual-ref",
    ],
    ["a length of zero", { lengths: Float64Array.of(1, 0) }, "zero-length-chunk"],
    ["holes for locations", { locations: new Array<string>(2) }, "invalid-virtual-ref"],
    [
      "holes in the dictionary",
      { locations: { dictionary: new Array<string>(2), codes: Uint32Array.of(0, 1) } },
      "invalid-virtual-ref",
    ],
  ])("refuses %s and sets nothing", async (_what, wrong, kind) => {
    const { session } = await repositoryWithArray();

    const set = session.store.setVirtualRefColumns("/a", { ...columns, ...wrong }, ANY);

    expect(await kindOf(set)).toBe(kind);
    expect(session.hasUncommittedChanges).toBe(false);
  });
});

describe("lists of references", () => {
  test.each([[undefined], [""], [7]])("refuse a first location of %j", async (location) => {
    const { session } = await repositoryWithArray();
    const wrong = { index: [0], location: location as string, offset: 0, length: 1 };

    expect(await kindOf(session.store.setVirtualRefs("/a", [wrong], ANY))).toBe(
      "invalid-virtual-ref",
    );
    expect(session.hasUncommittedChanges).toBe(false);
  });
});

describe("misspelt members of references", () => {
  const refused = (name: string) => ({
    kind: "invalid-virtual-ref",
    message: expect.stringContaining(`${name} is no member of a virtual reference`),
  });
  const listed = (index: number[], more: object = {}) => ({ index, ...ref("s3://b/k"), ...more });

  test("are refused by name, one by one, and in the first or last of a list", async () => {
    const { session } = await repositoryWithArray();
    const { store } = session;
    const wrong = { eTag: '"e"' };

    const one = { ...ref("s3://b/k"), ...wrong };
    await expect(store.setVirtualRef("a/c/0", one, ANY)).rejects.toMatchObject(refused("eTag"));
    for (const list of [
      [listed([0], wrong), listed([1])],
      [listed([0]), listed([1]), listed([2], wrong)],
    ]) {
      await expect(store.setVirtualRefs("/a", list, ANY)).rejects.toMatchObject(refused("eTag"));
    }
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("are refused by name in columns", async () => {
    const { session } = await repositoryWithArray();
    const columns = {
      gridShape: [1],
      locations: ["s3://b/k"],
      offsets: Float64Array.of(0),
      lengths: Float64Array.of(1),
      etags: ['"e"'],
    };

    await expect(session.store.setVirtualRefColumns("/a", columns, ANY)).rejects.toMatchObject(
      refused("etags"),
    );
  });
});
