import type { NamedScenario, ScenarioSize } from '@mm/model';

/** A size as it is asked for: `2x1` is two CPUs and one operation on each. */
export const sizeText = ({ cpus, operations }: ScenarioSize): string => `${cpus}x${operations}`;

/** What there is to explore, and what for. */
export function scenarioList(scenarios: readonly NamedScenario[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const lines = scenarios.map(({ name, purpose }) => `  ${name.padEnd(width)}  ${purpose}`);
  return `${scenarios.length} scenarios:\n${lines.join('\n')}\n\nmm-check explore --scenario NAME, or all of them: --scenario all`;
}
