// A priority queue whose entries can also be found and taken out by key.
// Mirrors: pkg/scheduler/backend/heap/heap.go. Used by: queue.ts.

export interface Heap<T> {
  readonly size: number;
  get(key: string): T | undefined;
  peek(): T | undefined;
  pop(): T | undefined;
  /** Adds, or puts at its new place. */
  set(item: T): void;
  remove(key: string): T | undefined;
  values(): Iterable<T>;
}

/** `compare` is negative when `a` goes first. */
export function createHeap<T>(keyOf: (item: T) => string, compare: (a: T, b: T) => number): Heap<T> {
  const items: T[] = [];
  const places = new Map<string, number>();

  function put(i: number, item: T): void {
    items[i] = item;
    places.set(keyOf(item), i);
  }

  function up(i: number, item: T): number {
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (compare(item, items[parent]!) >= 0) break;
      put(i, items[parent]!);
      i = parent;
    }
    return i;
  }

  function down(i: number, item: T): number {
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) return i;
      if (child + 1 < items.length && compare(items[child + 1]!, items[child]!) < 0) child++;
      if (compare(items[child]!, item) >= 0) return i;
      put(i, items[child]!);
      i = child;
    }
  }

  const settle = (i: number, item: T) => put(down(up(i, item), item), item);

  function removeAt(i: number): T {
    const item = items[i]!;
    const last = items.pop()!;
    places.delete(keyOf(item));
    if (i < items.length) settle(i, last);
    return item;
  }

  return {
    get size() {
      return items.length;
    },
    get: (key) => items[places.get(key) ?? -1],
    peek: () => items[0],
    pop: () => (items.length ? removeAt(0) : undefined),
    set: (item) => settle(places.get(keyOf(item)) ?? items.length, item),
    remove(key) {
      const i = places.get(key);
      return i === undefined ? undefined : removeAt(i);
    },
    values: () => items,
  };
}
