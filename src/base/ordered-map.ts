/**
 * A map sorted by key whose copies cost nothing: a B+ tree that shares its nodes among copies.
 *
 * A node belongs to the map whose token it carries, and only that map writes to it in place;
 * every other map copies the nodes on the way to the key first. Taking a copy gives both sides
 * new tokens. Bayer and McCreight (1972); the tokens are the "transients" of Clojure's vectors.
 */

const ENTRIES_MAX = 32;

interface Leaf<K, V> {
  owner: object;
  readonly keys: K[];
  readonly values: V[];
}

interface Branch<K, V> {
  owner: object;
  /** Per child a key that is not above any of its keys, and above those of the child before. */
  readonly keys: K[];
  readonly children: Tree<K, V>[];
}

type Tree<K, V> = Leaf<K, V> | Branch<K, V>;

function* itemsBelow<K, V, T>(
  tree: Tree<K, V>,
  itemsOf: (leaf: Leaf<K, V>) => T[],
): MapIterator<T> {
  if (!("children" in tree)) yield* itemsOf(tree);
  else for (const child of tree.children) yield* itemsBelow(child, itemsOf);
}

/** A map in the order of its keys. Iterating sees the entries of the moment it began. */
export class OrderedMap<K, V> implements ReadonlyMap<K, V> {
  readonly #compare: (a: K, b: K) => number;
  #owner: object = {};
  #root: Tree<K, V>;
  #size = 0;

  /** An empty map; `compare` is as for `Array.prototype.sort`. */
  constructor(compare: (a: K, b: K) => number) {
    this.#compare = compare;
    this.#root = { owner: this.#owner, keys: [], values: [] };
  }

  get size(): number {
    return this.#size;
  }

  /** A map of the same entries; writes to one are not seen in the other. O(1). */
  clone(): OrderedMap<K, V> {
    return this.cloneInto(new OrderedMap<K, V>(this.#compare));
  }

  /** Makes `copy`, a map of the same order, equal to this one. */
  protected cloneInto<M extends OrderedMap<K, V>>(copy: M): M {
    this.#owner = {};
    copy.#root = this.#root;
    copy.#size = this.#size;
    return copy;
  }

  get(key: K): V | undefined {
    if (this.#size === 0) return undefined; // Most maps of changes are.
    const { leaf, at, isFound } = this.#find(key);
    return isFound ? leaf.values[at] : undefined;
  }

  has(key: K): boolean {
    return this.#size > 0 && this.#find(key).isFound;
  }

  set(key: K, value: V): this {
    const root = this.#own(this.#root);
    const right = this.#insert(root, key, value);
    if (right === undefined) this.#root = root;
    else {
      const keys = [root.keys[0] as K, right.keys[0] as K];
      this.#root = { owner: this.#owner, keys, children: [root, right] };
    }
    return this;
  }

  /** Whether the key was there. */
  delete(key: K): boolean {
    if (!this.has(key)) return false;
    let root = this.#own(this.#root);
    this.#remove(root, key);
    while ("children" in root && root.children.length === 1) root = root.children[0] as Tree<K, V>;
    this.#root = root;
    this.#size--;
    return true;
  }

  /** The entries whose key is not before `key`, in order. */
  *from(key: K): IterableIterator<[K, V]> {
    this.#owner = {}; // Later writes leave these nodes alone.
    yield* this.#walk(this.#root, key);
  }

  /** Their values. */
  *valuesFrom(key: K): IterableIterator<V> {
    for (const [, value] of this.from(key)) yield value;
  }

  /**
   * Entries of this map, at least all that `other` does not have like that. What the two share
   * since one was copied from the other is passed over: costs what was changed, not what is there.
   */
  *entriesBeside(other: OrderedMap<K, V>): IterableIterator<[K, V]> {
    this.#owner = {};
    yield* this.#walkBeside(this.#root, other);
  }

  entries(): MapIterator<[K, V]> {
    this.#owner = {};
    return this.#walk(this.#root, undefined);
  }

  keys(): MapIterator<K> {
    this.#owner = {};
    return this.#items((leaf) => leaf.keys);
  }

  values(): MapIterator<V> {
    this.#owner = {};
    return this.#items((leaf) => leaf.values);
  }

  /** What `itemsOf` gives of each leaf; of the one that a small map is, without a generator. */
  #items<T>(itemsOf: (leaf: Leaf<K, V>) => T[]): MapIterator<T> {
    const root = this.#root;
    return "children" in root ? itemsBelow(root, itemsOf) : itemsOf(root).values();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  *#walkBeside(tree: Tree<K, V>, other: OrderedMap<K, V>): IterableIterator<[K, V]> {
    if (tree.keys.length === 0 || other.#holds(tree, tree.keys[0] as K)) return;
    if (!("children" in tree)) yield* this.#walk(tree, undefined);
    else for (const child of tree.children) yield* this.#walkBeside(child, other);
  }

  /** Whether `wanted` is a part of this map; `key` is its first one. */
  #holds(wanted: Tree<K, V>, key: K): boolean {
    let tree = this.#root;
    while (tree !== wanted && "children" in tree) {
      tree = tree.children[this.#childAt(tree, key)] as Tree<K, V>;
    }
    return tree === wanted;
  }

  #find(key: K): { leaf: Leaf<K, V>; at: number; isFound: boolean } {
    let tree = this.#root;
    while ("children" in tree) tree = tree.children[this.#childAt(tree, key)] as Tree<K, V>;
    const at = this.#lowerBound(tree.keys, key);
    const isFound = at < tree.keys.length && this.#compare(tree.keys[at] as K, key) === 0;
    return { leaf: tree, at, isFound };
  }

  /** The position of the first key that is not before `key`. */
  #lowerBound(keys: readonly K[], key: K): number {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(keys[middle] as K, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The position of the child that holds `key`, or would. */
  #childAt({ keys }: Branch<K, V>, key: K): number {
    const at = this.#lowerBound(keys, key);
    if (at < keys.length && this.#compare(keys[at] as K, key) === 0) return at;
    return Math.max(0, at - 1);
  }

  /** `tree`, or a copy of it that this map may write to. */
  #own<T extends Tree<K, V>>(tree: T): T {
    if (tree.owner === this.#owner) return tree;
    const rest =
      "children" in tree ? { children: [...tree.children] } : { values: [...tree.values] };
    return { owner: this.#owner, keys: [...tree.keys], ...rest } as unknown as T;
  }

  /** Writes into an own tree; what it split off, to be put behind it, if it grew too large. */
  #insert(tree: Tree<K, V>, key: K, value: V): Tree<K, V> | undefined {
    if (!("children" in tree)) {
      const at = this.#lowerBound(tree.keys, key);
      if (at < tree.keys.length && this.#compare(tree.keys[at] as K, key) === 0) {
        tree.values[at] = value;
        return undefined;
      }
      tree.keys.splice(at, 0, key);
      tree.values.splice(at, 0, value);
      this.#size++;
    } else {
      const at = this.#childAt(tree, key);
      const child = this.#own(tree.children[at] as Tree<K, V>);
      const right = this.#insert(child, key, value);
      tree.children[at] = child;
      tree.keys[at] = child.keys[0] as K;
      if (right !== undefined) {
        tree.children.splice(at + 1, 0, right);
        tree.keys.splice(at + 1, 0, right.keys[0] as K);
      }
    }
    return tree.keys.length > ENTRIES_MAX ? this.#split(tree) : undefined;
  }

  #split(tree: Tree<K, V>): Tree<K, V> {
    const half = tree.keys.length >>> 1;
    const keys = tree.keys.splice(half);
    const owner = this.#owner;
    if ("children" in tree) return { owner, keys, children: tree.children.splice(half) };
    return { owner, keys, values: tree.values.splice(half) };
  }

  /** Removes a key that is there from an own tree; children that are empty go with it. */
  #remove(tree: Tree<K, V>, key: K): void {
    if (!("children" in tree)) {
      const at = this.#lowerBound(tree.keys, key);
      tree.keys.splice(at, 1);
      tree.values.splice(at, 1);
      return;
    }
    const at = this.#childAt(tree, key);
    const child = this.#own(tree.children[at] as Tree<K, V>);
    this.#remove(child, key);
    tree.children[at] = child;
    if (child.keys.length > 0 || tree.children.length === 1) return;
    tree.children.splice(at, 1);
    tree.keys.splice(at, 1);
  }

  *#walk(tree: Tree<K, V>, from: K | undefined): MapIterator<[K, V]> {
    if ("children" in tree) {
      const first = from === undefined ? 0 : this.#childAt(tree, from);
      for (let at = first; at < tree.children.length; at++) {
        yield* this.#walk(tree.children[at] as Tree<K, V>, at === first ? from : undefined);
      }
      return;
    }
    const first = from === undefined ? 0 : this.#lowerBound(tree.keys, from);
    for (let at = first; at < tree.keys.length; at++) {
      yield [tree.keys[at] as K, tree.values[at] as V];
    }
  }
}
