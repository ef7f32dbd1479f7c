/** What is tried of one public function, class or method, and what of it is no mistake. */
export interface Row<World> {
  /** Good arguments, of a world made for this one call. */
  readonly args: (world: World) => readonly unknown[];
  /** The call; of a function that is exported, by default the function itself. */
  readonly call?: (world: World, args: readonly never[]) => unknown;
  /**
   * By place: wrong values that are documented as good. They must not throw, so that the list stays true. `'any'` says that the
   * argument takes whatever comes.
   */
  readonly accepts?: Readonly<Record<number, readonly string[] | 'any'>>;
  /** Values on which the engine itself stops a hot function with a TypeError, before anything has changed. */
  readonly native?: readonly string[];
  /** Places of structures that a hot function does not look at, who runs and on which machine: TypeScript does, and a look at each call would cost. */
  readonly hot?: readonly number[];
  /** Places of objects of options, each field of which is tried as well, with the values that are good for it. */
  readonly fields?: Readonly<Record<number, Readonly<Record<string, readonly string[]>>>>;
}

/** Rows by name: `fillBytes`, `new MemoryMap`, `MemoryMap.has`. A reason in place of a row: it is not tried, and why. */
export type Rows<World> = Readonly<Record<string, Row<World> | string>>;

/** Why the arguments of some functions are not looked at. */
export const HOT = {
  access:
    'a step of stepped code, made millions of times a second; the scheduler refuses cells that nobody claimed',
  bits: 'one shift and mask inside the loops of the allocators',
  pfn: 'index arithmetic of every page of every allocation; says that it does not check',
  error: 'says what was wrong with something else: a second error would hide the first',
} as const;
