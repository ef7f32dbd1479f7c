import type { ScenarioTask } from '@mm/interleave';
import { createMachine } from '@mm/machine';
import { ModelViolation } from '@mm/model';
import {
  type SlubCache,
  type SlubOptions,
  SlubSystem,
  parseSlubBoot,
  slubAlloc,
  slubFree,
  walkSlub,
} from '@mm/slub';
import { slubAlloc as allocSteps, slubFree as freeSteps } from '@mm/slub/stepped';
import { type CellSpace, Context, type Steps } from '@mm/steps';

/** Flags of the allocations here: no reclaim, no warning. */
export const GFP = 0x2800;

/** One cache on a small machine, set up at full speed, with the model of who holds what. */
export class SlubBench {
  readonly cache: SlubCache;
  readonly system: SlubSystem;
  readonly cells: CellSpace;
  readonly held = new Set<number>();
  readonly #contexts: readonly Context[];

  constructor(cpus: number, size = 1024, options: Partial<SlubOptions> & { readonly cmdline?: string } = {}) {
    const { cmdline = '', ...rest } = options;
    const { pages, cells, log } = createMachine({ ramBytes: '16M', cpus });
    this.cells = cells;
    this.system = new SlubSystem({
      pages,
      cells,
      bootCaches: false,
      boot: parseSlubBoot(cmdline, log),
      ...rest,
    });
    this.cache = this.system.register.create({ name: 'bench', size })!;
    this.#contexts = Array.from({ length: cpus }, (_, cpu) => new Context(cpu));
  }

  /** Objects of a slab. */
  get slabObjects(): number {
    return this.cache.objects;
  }

  /** Takes objects at once, on a CPU. */
  take(cpu: number, count: number): number[] {
    return Array.from({ length: count }, () => this.#got(slubAlloc(this.#contexts[cpu]!, this.cache, GFP)));
  }

  /** Frees objects at once, on a CPU. */
  give(cpu: number, objects: readonly number[]): void {
    for (const object of objects) {
      this.held.delete(object);
      slubFree(this.#contexts[cpu]!, this.cache, object);
    }
  }

  #got(object: number | null): number {
    if (object === null) throw new ModelViolation('an allocation does not fail while memory is free', 'null');
    if (this.held.has(object))
      throw new ModelViolation('no object has two owners', `0x${object.toString(16)}`);
    this.held.add(object);
    return object;
  }

  /** Notes an object that a task was given. */
  received(object: number | null): number {
    return this.#got(object);
  }

  /** A task that takes `count` objects, one after the other. */
  *taking(ctx: Context, count: number, into: number[] = []): Steps<void> {
    for (let i = 0; i < count; i++) into.push(this.#got(yield* allocSteps(ctx, this.cache, GFP)));
  }

  /** A task that frees objects, one after the other. */
  *giving(ctx: Context, objects: readonly number[]): Steps<void> {
    for (const object of objects) {
      this.held.delete(object);
      yield* freeSteps(ctx, this.cache, object);
    }
  }

  /** Every slab and list of the cache is whole, and as many objects are live as are held. @throws ModelViolation */
  check(): void {
    const { wrong, live } = walkSlub(this.cache);
    if (wrong.length > 0)
      throw new ModelViolation('the structures of the slab allocator agree with each other', wrong[0]!);
    if (live !== this.held.size)
      throw new ModelViolation('objects in use = objects handed out', `${live} and ${this.held.size}`);
  }
}

/** Tasks of a scenario, each with a context of its own. */
export const tasksOf = (
  tasks: ReadonlyArray<readonly [cpu: number, name: string, steps: (ctx: Context) => Steps<unknown>]>,
): ScenarioTask[] =>
  tasks.map(([cpu, name, steps]) => {
    const ctx = new Context(cpu);
    return { ctx, name, steps: steps(ctx) };
  });
