import { exploreJob } from '../explore/explore-job.js';
import { runJob } from '../run-job.js';
import { shrinkJob } from '../shrink-job.js';
import type { AnyJob } from './job.js';

/** Every job that threads can be asked to do, by name. */
export const JOBS: ReadonlyMap<string, AnyJob> = new Map(
  [runJob, shrinkJob, exploreJob].map((job) => [job.name, job as unknown as AnyJob]),
);
