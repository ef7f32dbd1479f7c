import { Random, shrinkOperations, simplerIntegers } from '@mm/interleave';
import { type Command, check, commands, integer, modelRun, nat, property } from 'fast-check';

/** Medians over nine seeds. */
interface Shrinking {
  readonly commands: number;
  readonly executions: number;
  readonly length: number;
}

const BIG = 4097;
const NEEDED = 20;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

const middle = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1]!;

/** Twenty allocations of more than a page have to be live at once. A negative number frees one. */
function fails(program: readonly number[]): boolean {
  const live: number[] = [];
  for (const size of program) {
    if (size >= 0) live.push(size);
    else live.splice(-size % Math.max(1, live.length), 1);
    if (live.filter((its) => its >= BIG).length >= NEEDED) return true;
  }
  return false;
}

/** The program and its arguments made small by `shrinkOperations`. */
export function ownShrink(): Shrinking {
  const shrunk = SEEDS.map((seed) => {
    const random = new Random(seed);
    const draw = (): number => (random.below(2) === 0 ? 8 + random.below(8184) : -1 - random.below(1000));
    let program: number[] = [];
    while (!fails(program)) program = Array.from({ length: 139 }, draw);
    return shrinkOperations(program, fails, { simpler: (size, failed) => simplerIntegers(size, 8, failed) });
  });
  return {
    commands: 139,
    executions: middle(shrunk.map(({ tries }) => tries)),
    length: middle(shrunk.map(({ operations }) => operations.length)),
  };
}

interface Live {
  readonly sizes: number[];
}
class Alloc implements Command<Live, Live> {
  readonly size: number;
  constructor(size: number) {
    this.size = size;
  }
  check(): boolean {
    return true;
  }
  run(model: Live): void {
    model.sizes.push(this.size);
    if (model.sizes.filter((its) => its >= BIG).length >= NEEDED) throw new Error('bug');
  }
  toString(): string {
    return `alloc(${this.size})`;
  }
}
class Free implements Command<Live, Live> {
  readonly which: number;
  constructor(which: number) {
    this.which = which;
  }
  check({ sizes }: Readonly<Live>): boolean {
    return sizes.length > 0;
  }
  run({ sizes }: Live): void {
    sizes.splice(this.which % sizes.length, 1);
  }
  toString(): string {
    return `free(${this.which})`;
  }
}

/** The same bug, found and made small by fast-check's commands. */
export function fastCheckShrink(): Shrinking {
  const lengths: number[] = [];
  const executions: number[] = [];
  const drawn = [
    integer({ min: 8, max: 8192 }).map((size) => new Alloc(size)),
    nat(1000).map((k) => new Free(k)),
  ];
  for (const seed of SEEDS) {
    let runs = 0;
    let failedAt = 0;
    const result = check(
      property(commands<Live, Live>(drawn, { maxCommands: 200, size: 'max' }), (program) => {
        runs++;
        try {
          modelRun(() => ({ model: { sizes: [] }, real: { sizes: [] } }), program);
        } catch (error) {
          failedAt ||= runs;
          throw error;
        }
      }),
      { numRuns: 1000, seed },
    );
    if (!result.failed) continue;
    executions.push(runs - failedAt);
    lengths.push(String(result.counterexample![0]).match(/alloc|free/gu)!.length);
  }
  return { commands: 139, executions: middle(executions), length: middle(lengths) };
}
