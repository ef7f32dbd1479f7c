// The entry of a bundle: it is loaded as a process of its own, together with the edited packages.
import type { HuntOrder, HuntReport } from './hunt.js';
import { huntAll, replay } from './hunter.js';

const report = (message: HuntReport): void => void process.send!(message);

process.once('message', (order: HuntOrder) => {
  if (order.task === 'hunt') {
    huntAll(order.hunts, order.seed, order.milliseconds, report);
    return;
  }
  report({ kind: 'at', executions: 0, finding: order.finding });
  const began = Date.now();
  const failure = replay(order.finding, order.others, report);
  report({ kind: 'done', executions: 1, milliseconds: Date.now() - began, finding: order.finding, failure });
});
