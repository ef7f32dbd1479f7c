// The entry of a bundle: it is loaded as a worker thread, together with the edited packages.
import { parentPort, workerData } from 'node:worker_threads';

import type { HuntOrder, HuntReport } from './hunt.js';
import { huntAll, replay } from './hunter.js';

const order = workerData as HuntOrder;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const report = (message: HuntReport): void => parentPort!.postMessage(message);

if (order.task === 'hunt') huntAll(order.hunts, order.seed, order.milliseconds, report);
else {
  report({ kind: 'at', executions: 0, finding: order.finding });
  const began = Date.now();
  const failure = replay(order.finding, report);
  report({ kind: 'done', executions: 1, milliseconds: Date.now() - began, finding: order.finding, failure });
}
