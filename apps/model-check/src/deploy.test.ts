import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { isBuilt, root } from './built-cli.js';
import { runCli } from './run-cli.js';

const dir = mkdtempSync(join(tmpdir(), 'mm-deploy-'));
afterAll(() => rmSync(dir, { recursive: true }));

const COMMAND = 'deploy/shard.sh';
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

const runs = (job: { steps: Array<{ run?: string }> }): string[] => job.steps.flatMap(({ run = '' }) => run);

test('the Kubernetes manifest is an Indexed Job that runs the shard of its index', () => {
  const documents = parseAllDocuments(text('deploy/kubernetes-job.yaml'));
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  const [claim, job] = documents.map((document) => document.toJS());
  expect(job.kind).toBe('Job');
  expect(job.spec.completionMode).toBe('Indexed');
  const [container] = job.spec.template.spec.containers;
  expect(container.command).toEqual([COMMAND]);
  const env = Object.fromEntries(container.env.map((one: Record<string, any>) => [one['name'], one]));
  expect(env['INDEX'].valueFrom.fieldRef.fieldPath).toBe(
    "metadata.annotations['batch.kubernetes.io/job-completion-index']",
  );
  // Each completion is a shard, and each shard a completion.
  expect(Number(env['SHARDS'].value)).toBe(job.spec.completions);
  const [volume] = job.spec.template.spec.volumes;
  expect(volume.persistentVolumeClaim.claimName).toBe(claim.metadata.name);
  expect(env['OUT'].value).toBe(container.volumeMounts[0].mountPath);
  // A counterexample is no reason to try again; a killed process is.
  const [rule] = job.spec.podFailurePolicy.rules;
  expect(rule).toMatchObject({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1, 2, 3] } });
  expect(job.spec.template.spec.restartPolicy).toBe('Never');
});

test.each([['deploy/github-actions.yml'], ['.github/workflows/nightly.yml']])(
  '%s runs the same command for each index of its matrix, and merges',
  (file) => {
    const { shard, merge } = parse(text(file)).jobs;
    expect(shard.strategy.matrix.index).toEqual([...Array(Number(shard.env.SHARDS)).keys()]);
    expect(shard.env.INDEX).toBe('${{ matrix.index }}');
    expect(runs(shard).filter((run) => run.includes(COMMAND))).toHaveLength(1);
    expect(runs(merge).join('\n')).toContain('mm-check merge out/shard-*.json');
    expect(merge.needs).toBe('shard');
  },
);

test.skipIf(!isBuilt)('the command is one that mm-check takes, and its reports merge', async () => {
  const shard = (index: number): Promise<unknown> =>
    promisify(execFile)('sh', [COMMAND, '--system', 'zones', '--runs', '4', '--commands', '50'], {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${root}node_modules/.bin:${process.env['PATH']}`,
        INDEX: String(index),
        SHARDS: '2',
        TIME: '1m',
        OUT: dir,
      },
    });
  await shard(0);
  await shard(1);
  // The very same command again goes on from its checkpoint: there is nothing left to do.
  await shard(1);
  expect(
    readdirSync(dir)
      .filter((name) => name.startsWith('shard-0'))
      .sort(),
  ).toEqual(['shard-0.json', 'shard-0.jsonl', 'shard-0.xml']);
  expect(await runCli(['merge', join(dir, 'shard-0.json'), join(dir, 'shard-1.json')])).toBe(0);
});

test('the command does not run without knowing which shard it is', async () => {
  const env = { PATH: process.env['PATH'] };
  await expect(promisify(execFile)('sh', [COMMAND], { cwd: root, env })).rejects.toThrow(/INDEX/u);
});
