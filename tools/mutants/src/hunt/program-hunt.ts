import {
  type Op,
  type Subsystem,
  buddySubsystem,
  newCounts,
  randomProgram,
  worldOf,
  runInterleaved,
  runSequence,
  shrinkProgram,
  slabSubsystem,
  slubSubsystem,
  v7sSubsystem,
  zonesSubsystem,
} from '@mm/model';

import { asError, invariantOf } from './failure.js';
import type { Failure, Finding, NamedOp, ProgramHunt } from './hunt.js';

type ProgramFinding = Extract<Finding, { by: 'program' }>;

const SYSTEMS = {
  zones: zonesSubsystem,
  buddy: buddySubsystem,
  slub: slubSubsystem,
  slab: slabSubsystem,
  v7s: v7sSubsystem,
} as unknown as Readonly<Record<ProgramHunt['system'], Subsystem<unknown>>>;

/** Commands of programs, in turns: what short ones find is found and shrunk sooner. */
const LENGTHS = [40, 80, 160, 320] as const;
const SHRINK_TRIES = 1500;
const SHRINK_MS = 10_000;
/** Where the code has changed, the saved schedule may no longer be the one: so many others of the same program are tried. */
const SCHEDULES = 200;

const named = (system: Subsystem<unknown>, program: readonly Op[]): NamedOp[] =>
  program.map(({ command, ...rest }) => ({ command: system.commands[command]!.name, ...rest }));

function numbered(system: Subsystem<unknown>, program: readonly NamedOp[]): Op[] {
  return program.map(({ command: name, ...rest }) => {
    const command = system.commands.findIndex((one) => one.name === name);
    if (command === -1) throw new Error(`${system.name} has no command ${name}`);
    return { command, ...rest };
  });
}

function errorOf(
  system: Subsystem<unknown>,
  { world, scheduleSeed }: Pick<ProgramFinding, 'world' | 'scheduleSeed'>,
  program: readonly Op[],
): Error | null {
  const counts = newCounts(system);
  try {
    if (scheduleSeed === null) return runSequence(system, world, program, counts)?.error ?? null;
    const { failure } = runInterleaved(system, world, program, counts, { schedule: scheduleSeed });
    return failure?.error ?? null;
  } catch (error) {
    // Setting up the world failed already.
    return asError(error);
  }
}

/** The program of one execution. */
export function programOf(hunt: ProgramHunt, execution: number, seed: number): ProgramFinding {
  const system = SYSTEMS[hunt.system];
  const length = hunt.commands ?? LENGTHS[(execution >>> 1) % LENGTHS.length]!;
  const program = randomProgram(system, seed, length, hunt.world.cpus ?? 1);
  const interleaved = hunt.only === undefined ? execution % 2 === 1 : hunt.only === 'interleaved';
  const world = worldOf(system, { corrupt: false, ...hunt.world }, seed);
  return {
    by: 'program',
    system: hunt.system,
    world,
    scheduleSeed: interleaved ? seed : null,
    program: named(system, program),
  };
}

/** Runs a program; its failure, or null. */
export function playProgram(finding: ProgramFinding): Failure | null {
  const system = SYSTEMS[finding.system];
  const program = numbered(system, finding.program);
  const error = errorOf(system, finding, program);
  return error === null ? null : failureOf(system, finding, program, error);
}

function failureOf(
  system: Subsystem<unknown>,
  finding: ProgramFinding,
  program: readonly Op[],
  error: Error,
): Failure {
  const lines = program.map(
    (op) => `  CPU ${op.cpu}  ${system.commands[op.command]!.describe(op, finding.world)}`,
  );
  const how = finding.scheduleSeed === null ? 'in sequence' : `interleaved, seed ${finding.scheduleSeed}`;
  return {
    invariant: invariantOf(error),
    message: error.message,
    text: [`${system.name}, ${how}:`, ...lines].join('\n'),
  };
}

/** The shortest program that breaks the same invariant. `beat` is called before each try. */
export function shrinkFinding(finding: ProgramFinding, beat: () => void): ProgramFinding {
  const system = SYSTEMS[finding.system];
  const program = numbered(system, finding.program);
  const first = errorOf(system, finding, program);
  if (first === null) return finding;
  const invariant = invariantOf(first);
  const end = Date.now() + SHRINK_MS;
  const fails = (shorter: readonly Op[]): boolean => {
    if (Date.now() > end) return false;
    beat();
    const error = errorOf(system, finding, shorter);
    return error !== null && invariantOf(error) === invariant;
  };
  // What comes behind the failing command does not matter.
  let cut = program;
  for (let length = 4; length < program.length; length = Math.ceil(length * 1.5))
    if (fails(program.slice(0, length))) {
      cut = program.slice(0, length);
      break;
    }
  return { ...finding, program: named(system, shrinkProgram(cut, fails, SHRINK_TRIES)) };
}

/** Plays a saved program again; an interleaved one under `others` too, as the code may have other steps by now. */
export function replayProgram(finding: ProgramFinding, others: boolean): Failure | null {
  const { scheduleSeed } = finding;
  if (scheduleSeed === null || !others) return playProgram(finding);
  for (let i = 0; i < SCHEDULES; i++) {
    const failure = playProgram({ ...finding, scheduleSeed: scheduleSeed + i });
    if (failure !== null) return failure;
  }
  return null;
}
