/* oxlint-disable unicorn/consistent-function-scoping -- a scenario in one piece reads better */
import { CellSpace, Context, type Steps, lock, read, tryLock, unlock, write } from '@mm/steps';

import { ReplayScheduler } from '../src/replay-scheduler.js';
import { type RunResult, runSchedule } from '../src/run-schedule.js';

const cells = new CellSpace();
export const counter = cells.claim('counter');
const list = cells.claim('list.lock');

/** The lost update, between two CPUs, and a trylock that fails. */
export function lostUpdate(): RunResult {
  const make = (): ReturnType<Parameters<typeof runSchedule>[0]['make']> => {
    const state = { n: 0 };
    function* add(): Steps<number> {
      yield read(counter);
      const seen = state.n;
      yield write(counter);
      state.n = seen + 1;
      return seen;
    }
    function* holder(): Steps<number> {
      yield lock(list);
      const seen = yield* add();
      yield unlock(list);
      return seen;
    }
    function* other(): Steps<number> {
      const taken = yield tryLock(list);
      if (taken) yield unlock(list);
      return yield* add();
    }
    return {
      cells,
      tasks: [
        { ctx: new Context(0), steps: holder(), name: 'holder' },
        { ctx: new Context(1), steps: other(), name: '<other> task' },
      ],
      state: () => ({ ...state }),
      sometimes: { 'counted to one': () => state.n === 1 },
      check: () => {
        if (state.n !== 2) throw new Error(`counted ${state.n} of 2`);
      },
    };
  };
  const schedule = [0, 3, 65, 3, 0, 2, 65, 1];
  return runSchedule({ cpus: 2, make }, new ReplayScheduler(schedule), { recordState: true });
}
