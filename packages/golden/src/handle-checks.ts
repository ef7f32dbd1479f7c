import { OptionError } from '@mm/printk';

type Op = readonly [string, ...unknown[]];

/** How many handles an operation takes, and which handle it names (-1: none). */
interface HandleUse {
  readonly takes: number;
  readonly names: number;
}

/**
 * Checks that no operation names a handle that was not taken before it.
 * @throws OptionError naming the operation.
 */
function checkHandles(ops: readonly Op[], name: string, useOf: (op: Op) => HandleUse): void {
  let taken = 0;
  for (const [i, op] of ops.entries()) {
    const { takes, names } = useOf(op);
    if (names >= taken)
      throw new OptionError(`${name}.ops.${i}.1`, `a handle below ${taken}, which are taken so far`, names);
    taken += takes;
  }
}

const opsOf = (recorded: Readonly<Record<string, unknown>>): readonly Op[] =>
  recorded['ops'] as readonly Op[];

/** Handles of a `genalloc` case: every request takes one. */
export function checkGenallocHandles(recorded: Readonly<Record<string, unknown>>, name: string): void {
  checkHandles(opsOf(recorded), name, ([kind, first]) => ({
    takes: kind === 'alloc' || kind === 'align' || kind === 'fixed' ? 1 : 0,
    names: kind === 'free' ? (first as number) : -1,
  }));
}

/** Handles of a `page-frag` case: every request takes one. */
export function checkFragmentHandles(recorded: Readonly<Record<string, unknown>>, name: string): void {
  checkHandles(opsOf(recorded), name, ([kind, first]) => ({
    takes: kind === 'a' ? 1 : 0,
    names: kind === 'f' ? (first as number) : -1,
  }));
}

/** Handles of a `buddy-trace` case: every request takes one, `x` one for each page block that it got. */
export function checkPageHandles(recorded: Readonly<Record<string, unknown>>, name: string): void {
  checkHandles(opsOf(recorded), name, (op) => {
    if (op[0] === 'p') return { takes: 1, names: -1 };
    if (op[0] !== 'x') return { takes: 0, names: op[0] === 'q' ? (op[1] as number) : -1 };
    const items = op.at(-1) as ReadonlyArray<number | readonly [number, number, number]>;
    return {
      takes: items.reduce<number>((sum, at) => sum + (typeof at === 'number' ? 1 : at[2]), 0),
      names: -1,
    };
  });
}
