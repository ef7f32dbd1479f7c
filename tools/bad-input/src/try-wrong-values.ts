import { Context, type Steps, runToEnd } from '@mm/steps';
import { describe, expect, it } from 'vitest';

import { publicNames } from './public-names.js';
import type { Row, Rows } from './row.js';
import { WRONG_VALUES } from './wrong-values.js';

/** Errors that a caller is told to expect. */
const CLEAR = /^(OptionError|HoleError|MisuseError|RangeError|ScheduleError|KernelBug)$/u;
/** The field, what was expected, and what came. */
const MESSAGE = /^[\w$][^:]*: expected .+, got .+/su;

/** What a package is tried in. */
export interface Trial<World> {
  /** The package as it is imported. */
  readonly face: Readonly<Record<string, unknown>>;
  /** Its stepped face, if it has one: what takes wrong values well must do so in both builds. */
  readonly stepped?: Readonly<Record<string, unknown>>;
  /** A small world in which good arguments make sense. */
  readonly makeWorld: () => World;
  /** All of the world's state in a form to compare. */
  readonly stateOf: (world: World) => unknown;
  readonly rows: Rows<World>;
  /** What can be called and is no export: methods of objects that come from a function. */
  readonly also?: readonly string[];
}

/** Tests that every public function of a package takes wrong values well, and that none has been left out. */
export function tryWrongValues<World>(name: string, trial: Trial<World>): void {
  const { stepped: face, ...rest } = trial;
  tryFace(name, rest);
  if (face === undefined) return;
  const rows = Object.fromEntries(Object.entries(trial.rows).filter(([called]) => called in face));
  tryFace(`${name}/stepped`, { ...rest, face, rows, also: [] });
}

function tryFace<World>(name: string, trial: Trial<World>): void {
  describe(`arguments of ${name}`, () => {
    it('every public function, class and method has a row, and every row is of one', () => {
      expect(Object.keys(trial.rows).toSorted()).toEqual(
        [...publicNames(trial.face), ...(trial.also ?? [])].toSorted(),
      );
    });
    for (const [called, row] of Object.entries(trial.rows)) {
      if (typeof row === 'string') continue;
      it(`${called}: a wrong argument is an error that says which, and changes nothing`, async () => {
        expect(await faultsOf(trial, called, row)).toEqual([]);
      });
    }
  });
}

async function faultsOf<World>(trial: Trial<World>, called: string, row: Row<World>): Promise<string[]> {
  const tries: Try[] = [];
  const good = row.args(trial.makeWorld());
  for (const place of good.keys()) {
    const accepted = row.accepts?.[place] ?? [];
    if (accepted === 'any' || row.hot?.includes(place)) continue;
    for (const [label, value] of Object.entries(WRONG_VALUES))
      tries.push({ place, label, value, good: accepted.includes(label) });
    for (const [field, fine] of Object.entries(row.fields?.[place] ?? {}))
      for (const [label, value] of Object.entries(WRONG_VALUES))
        tries.push({ place, field, label, value, good: fine.includes(label) });
  }
  const faults: string[] = [];
  // oxlint-disable-next-line no-await-in-loop -- each in a world of its own, which the next must not hold in memory beside it
  for (const one of tries) faults.push(...(await tryOne(trial, called, row, one)));
  return faults;
}

interface Try {
  readonly place: number;
  readonly field?: string;
  readonly label: string;
  readonly value: unknown;
  /** Documented as a good value. */
  readonly good: boolean;
}

async function tryOne<World>(
  trial: Trial<World>,
  called: string,
  row: Row<World>,
  one: Try,
): Promise<string[]> {
  const world = trial.makeWorld();
  const args = [...row.args(world)];
  args[one.place] =
    one.field === undefined ? one.value : { ...(args[one.place] as object), [one.field]: one.value };
  const at = `argument ${one.place}${one.field === undefined ? '' : `.${one.field}`} = ${one.label}`;
  const before = one.good ? null : trial.stateOf(world);
  try {
    finish(await callOf(trial, called, row)(world, args as never[]));
    return one.good ? [] : [`${at}: taken without a word`];
  } catch (error) {
    if (one.good) return [`${at}: refused, though said to be good: ${String(error)}`];
    const { name, message } = error as Error;
    const engine = name === 'TypeError' && row.native?.includes(one.label) === true;
    if (!engine && !CLEAR.test(name)) return [`${at}: ${name}: ${message}`];
    if (!engine && name !== 'KernelBug' && !MESSAGE.test(message)) return [`${at}: says only: ${message}`];
    expect(trial.stateOf(world), `${called}: ${at}: the state after`).toEqual(before);
    return [];
  }
}

/** What stepped code would do by itself: all its steps, on CPU 0. */
function finish(answer: unknown): void {
  if (Object.prototype.toString.call(answer) === '[object Generator]')
    runToEnd(new Context(0), answer as Steps<unknown>);
}

function callOf<World>(
  trial: Trial<World>,
  called: string,
  row: Row<World>,
): NonNullable<Row<World>['call']> {
  if (row.call !== undefined) return row.call;
  const made = /^new (.+)$/u.exec(called)?.[1];
  if (made !== undefined) {
    const type = trial.face[made] as new (...args: never[]) => unknown;
    return (_, args) => new type(...args);
  }
  const called_ = trial.face[called] as (...args: never[]) => unknown;
  return (_, args) => called_(...args);
}
