import {
  type Cell,
  CellSpace,
  Context,
  type Steps,
  compound,
  cpuDown,
  cpuUp,
  gracePeriod,
  irqRestore,
  irqSave,
  lock,
  preemptDisable,
  preemptEnable,
  rcuReadLock,
  rcuReadUnlock,
  read,
  rmw,
  tryLock,
  unlock,
  write,
} from '@mm/steps';
import { eachCpu } from '@mm/steps/stepped';
import { type Arbitrary, array, constant, constantFrom, nat, oneof, record } from 'fast-check';

import type { Scenario } from '../src/run-schedule.js';

/** One thing that a task of a random program does. */
export type Op =
  | { readonly do: 'read' | 'write' | 'add' | 'where'; readonly at: number }
  | { readonly do: 'copy'; readonly from: number; readonly at: number }
  | { readonly do: 'lock' | 'trylock'; readonly which: number; readonly inside: readonly Op[] }
  | { readonly do: 'mutex' | 'irq off' | 'preempt off' | 'reading'; readonly inside: readonly Op[] }
  | { readonly do: 'grace period' }
  | { readonly do: 'other CPU off'; readonly inside: readonly Op[] }
  | { readonly do: 'spawn'; readonly inside: readonly Op[] };

/** Tasks with the CPU of each; one may be an interrupt handler. */
export interface Program {
  readonly tasks: ReadonlyArray<{
    readonly cpu: number;
    readonly ops: readonly Op[];
    readonly interrupt: boolean;
  }>;
}

const VARIABLES = 2;
const simple: Arbitrary<Op> = oneof(
  record({
    do: constantFrom('read' as const, 'write' as const, 'add' as const, 'where' as const),
    at: nat(VARIABLES - 1),
  }),
  record({ do: constant('copy' as const), from: nat(VARIABLES - 1), at: nat(VARIABLES - 1) }),
);
const inside = array(simple, { maxLength: 2 });
const held: Arbitrary<Op> = record({
  do: constantFrom('lock' as const, 'trylock' as const),
  which: nat(1),
  inside,
});
const section: Arbitrary<Op> = record({
  do: constantFrom('mutex' as const, 'irq off' as const, 'preempt off' as const, 'reading' as const),
  inside: array(oneof(simple, held), { maxLength: 2 }),
});
const op: Arbitrary<Op> = oneof(
  { arbitrary: simple, weight: 4 },
  { arbitrary: held, weight: 3 },
  { arbitrary: section, weight: 3 },
  { arbitrary: constant({ do: 'grace period' as const }), weight: 1 },
  { arbitrary: record({ do: constant('other CPU off' as const), inside }), weight: 1 },
  {
    arbitrary: record({ do: constant('spawn' as const), inside: array(simple, { maxLength: 1 }) }),
    weight: 1,
  },
);

/** Programs of two or three tasks on two CPUs. */
export const programs: Arbitrary<Program> = record({
  tasks: array(
    oneof(
      {
        arbitrary: record({
          cpu: nat(1),
          ops: array(op, { minLength: 1, maxLength: 3 }),
          interrupt: constant(false),
        }),
        weight: 5,
      },
      {
        arbitrary: record({
          cpu: nat(1),
          ops: array(simple, { minLength: 1, maxLength: 2 }),
          interrupt: constant(true),
        }),
        weight: 1,
      },
    ),
    { minLength: 2, maxLength: 3 },
  ),
});

const cells = new CellSpace();
const variables = cells.claim('x', VARIABLES);
const locks = cells.claim('lock', 2);
const mutex = cells.claimMutex('mutex');
const copies: Cell[][] = Array.from({ length: VARIABLES }, (_, from) =>
  Array.from({ length: VARIABLES }, (__, at) =>
    cells.claimCompound(`copy ${from} ${at}`, { reads: [variables + from], writes: [variables + at] }),
  ),
);

/** What a run leaves behind: the variables, and what each task saw. */
export interface Final {
  readonly x: number[];
  readonly seen: number[][];
}

class Runner {
  readonly final: Final = { x: Array.from({ length: VARIABLES }, () => 0), seen: [] };

  *run(ctx: Context, me: number, ops: readonly Op[]): Steps<void> {
    const { x } = this.final;
    const seen = (this.final.seen[me] ??= []);
    for (const one of ops)
      switch (one.do) {
        case 'read':
          yield read(variables + one.at);
          seen.push(x[one.at]!);
          break;
        case 'where':
          yield read(variables + one.at);
          seen.push(ctx.cpu);
          break;
        case 'write':
          yield write(variables + one.at);
          x[one.at] = 100 * (me + 1) + seen.length;
          break;
        case 'add':
          yield rmw(variables + one.at);
          seen.push(x[one.at]!++);
          break;
        case 'copy':
          yield compound(copies[one.from]![one.at]!);
          x[one.at] = x[one.from]! + 10;
          break;
        case 'lock':
          yield lock(locks + one.which);
          yield* this.run(ctx, me, one.inside);
          yield unlock(locks + one.which);
          break;
        case 'trylock': {
          const taken = yield tryLock(locks + one.which);
          seen.push(taken ? 1 : 0);
          if (!taken) break;
          yield* this.run(ctx, me, one.inside);
          yield unlock(locks + one.which);
          break;
        }
        default:
          yield* this.section(ctx, me, one);
      }
  }

  *section(ctx: Context, me: number, one: Op): Steps<void> {
    switch (one.do) {
      case 'mutex':
        yield lock(mutex);
        yield* this.run(ctx, me, one.inside);
        yield unlock(mutex);
        break;
      case 'irq off':
        yield irqSave;
        yield* this.run(ctx, me, one.inside);
        yield irqRestore;
        break;
      case 'preempt off':
        yield preemptDisable;
        yield* this.run(ctx, me, one.inside);
        yield preemptEnable;
        break;
      case 'reading':
        yield rcuReadLock;
        yield* this.run(ctx, me, one.inside);
        yield rcuReadUnlock;
        break;
      case 'grace period':
        yield gracePeriod;
        break;
      case 'other CPU off': {
        const other = 1 - ctx.cpu;
        yield cpuDown(other);
        yield* this.run(ctx, me, one.inside);
        yield cpuUp(other);
        break;
      }
      case 'spawn':
        yield* eachCpu(ctx, [0, 1], (own) => this.run(own, 10 * (me + 1) + own.cpu, one.inside));
        break;
      default:
        throw new Error(`no section: ${one.do}`);
    }
  }
}

/** A random program as a scenario; `onMake` is handed what each run will leave behind. */
export const scenarioOf = (program: Program, onMake: (final: Final) => void): Scenario => ({
  cpus: 2,
  make: () => {
    const runner = new Runner();
    onMake(runner.final);
    return {
      cells,
      tasks: program.tasks.map(({ cpu, ops, interrupt }, me) => {
        const ctx = new Context(cpu);
        return { ctx, steps: runner.run(ctx, me, ops), interrupt };
      }),
    };
  },
});
