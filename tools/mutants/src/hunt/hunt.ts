import type { WorldOptions } from '@mm/model';

/** Random programs of a subsystem of `@mm/model`, shrunk when one fails. */
export interface ProgramHunt {
  readonly by: 'program';
  readonly system: 'zones' | 'buddy' | 'slub' | 'slab' | 'v7s';
  readonly world: WorldOptions;
  /** Commands of a program. Default: 40 to 320, in turns. */
  readonly commands?: number;
  /** Only one after the other, or only interleaved. Default: in turns. */
  readonly only?: 'sequence' | 'interleaved';
}

/** A check written for the purpose, run with one seed after the other. */
export interface CheckHunt {
  readonly by: 'check';
  readonly name: string;
}

/** A small concurrent scenario, of which every interleaving is explored. */
export interface ScenarioHunt {
  readonly by: 'scenario';
  readonly name: string;
}

/** How a mutant is hunted. */
export type Hunt = ProgramHunt | CheckHunt | ScenarioHunt;

/** An operation of a program, by the name of its command: numbers of commands change as commands are added. */
export interface NamedOp {
  readonly command: string;
  readonly cpu: number;
  readonly a: number;
  readonly b: number;
}

/** What makes a mutant fail, as plain data. */
export type Finding =
  | {
      readonly by: 'program';
      readonly system: ProgramHunt['system'];
      readonly world: WorldOptions;
      /** Null: one command after the other. */
      readonly scheduleSeed: number | null;
      readonly program: readonly NamedOp[];
    }
  | { readonly by: 'check'; readonly name: string; readonly seed: number }
  | {
      readonly by: 'scenario';
      readonly name: string;
      /** Which of the scenario's sizes, from 0. */
      readonly size: number;
      readonly schedule: readonly number[];
    };

/** A failure: the invariant it breaks, the whole message, and the finding in words. */
export interface Failure {
  readonly invariant: string;
  readonly message: string;
  readonly text: string;
}

/** What a hunter is asked to do. */
export type HuntOrder =
  | {
      readonly task: 'hunt';
      readonly hunts: readonly Hunt[];
      readonly seed: number;
      readonly milliseconds: number;
    }
  | {
      readonly task: 'replay';
      readonly finding: Finding;
      /** Whether other schedules are tried when the saved one holds. */
      readonly others: boolean;
    };

/** What a hunter reports. */
export type HuntReport =
  | { readonly kind: 'at'; readonly executions: number; readonly finding: Finding }
  | {
      readonly kind: 'done';
      readonly executions: number;
      readonly milliseconds: number;
      readonly finding: Finding | null;
      readonly failure: Failure | null;
    };
