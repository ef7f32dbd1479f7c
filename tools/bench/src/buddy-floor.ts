/**
 * The least that a buddy allocator can be in this language: one zone, no migrate types, no watermarks,
 * no references; links by page frame number in typed arrays.
 */
export interface BuddyFloor {
  alloc(order: number): number;
  free(pfn: number, order: number): void;
}

const PAGES = 1 << 16;
const TOP_ORDER = 10;

/** Free lists alone; `check` looks at every page of a block when it is taken and given back. */
export function buddyFloor(check: boolean): BuddyFloor {
  const next = new Int32Array(PAGES + TOP_ORDER + 1);
  const prev = new Int32Array(PAGES + TOP_ORDER + 1);
  const orderOf = new Int8Array(PAGES).fill(-1);
  const count = new Int32Array(TOP_ORDER + 1);
  const flags = new Int32Array(PAGES);
  for (let order = 0; order <= TOP_ORDER; order++) next[PAGES + order] = prev[PAGES + order] = PAGES + order;

  const add = (pfn: number, order: number): void => {
    const head = PAGES + order;
    const after = next[head]!;
    next[pfn] = after;
    prev[pfn] = head;
    prev[after] = pfn;
    next[head] = pfn;
    orderOf[pfn] = order;
    count[order]!++;
  };
  const remove = (pfn: number, order: number): void => {
    const after = next[pfn]!;
    const before = prev[pfn]!;
    next[before] = after;
    prev[after] = before;
    orderOf[pfn] = -1;
    count[order]!--;
  };
  const checkPages = (pfn: number, order: number, wipe: boolean): void => {
    for (let at = pfn, end = pfn + (1 << order); at < end; at++) {
      if (flags[at] !== 0) throw new Error('bad page');
      if (wipe) flags[at] = 0;
    }
  };
  for (let pfn = 0; pfn < PAGES; pfn += 1 << TOP_ORDER) add(pfn, TOP_ORDER);

  return {
    alloc(order) {
      for (let at = order; at <= TOP_ORDER; at++) {
        const head = PAGES + at;
        const pfn = next[head]!;
        if (pfn === head) continue;
        remove(pfn, at);
        for (let half = at - 1; half >= order; half--) add(pfn + (1 << half), half);
        if (check) checkPages(pfn, order, false);
        return pfn;
      }
      return -1;
    },
    free(pfn, order) {
      if (check) checkPages(pfn, order, true);
      let block = pfn;
      let at = order;
      for (; at < TOP_ORDER; at++) {
        const buddy = block ^ (1 << at);
        if (orderOf[buddy] !== at) break;
        remove(buddy, at);
        block &= buddy;
      }
      add(block, at);
    },
  };
}

/** The same with a list of single pages in front, filled and emptied 63 at a time. */
export function buddyFloorWithPcp(): BuddyFloor {
  const buddy = buddyFloor(false);
  const next = new Int32Array(PAGES);
  let head = -1;
  let count = 0;
  const refill = (): void => {
    for (let i = 0; i < 63; i++) {
      const pfn = buddy.alloc(0);
      if (pfn < 0) return;
      next[pfn] = head;
      head = pfn;
      count++;
    }
  };
  const giveBack = (): void => {
    for (let i = 0; i < 63; i++) {
      const pfn = head;
      head = next[pfn]!;
      count--;
      buddy.free(pfn, 0);
    }
  };
  return {
    alloc(order) {
      if (order !== 0) return buddy.alloc(order);
      if (head < 0) refill();
      const pfn = head;
      if (pfn < 0) return -1;
      head = next[pfn]!;
      count--;
      return pfn;
    },
    free(pfn, order) {
      if (order !== 0) return buddy.free(pfn, order);
      next[pfn] = head;
      head = pfn;
      if (++count > 378) giveBack();
    },
  };
}
