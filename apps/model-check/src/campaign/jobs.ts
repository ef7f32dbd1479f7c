import { exploreJob } from '../explore/explore-job.js';
import { runJob } from '../run-job.js';
import { savedJob } from '../saved-job.js';
import { shrinkJob } from '../shrink-job.js';
import type { AnyJob } from './job.js';

/** Every job that threads can be asked to do, by name. */
export const JOBS: ReadonlyMap<string, AnyJob> = new Map(
  [runJob, savedJob, shrinkJob, exploreJob].map((job) => [job.name, job as unknown as AnyJob]),
);
