import type { Steps } from '@mm/steps';
import { CellSpace, Context, write } from '@mm/steps';
import { JSDOM, VirtualConsole } from 'jsdom';
import { expect, it } from 'vitest';

import { lostUpdate } from '../../test/lost-update.js';
import { ReplayScheduler } from '../replay-scheduler.js';
import { type RunResult, runSchedule } from '../run-schedule.js';
import { traceHtml } from './trace-html.js';
import { traceJson } from './trace-json.js';

/** A page as a reader has it. */
class Reader {
  readonly page: Document;
  readonly #dom: JSDOM;

  constructor(run: RunResult) {
    const errors = new VirtualConsole();
    errors.on('jsdomError', (error) => {
      throw error;
    });
    this.#dom = new JSDOM(traceHtml(run), {
      runScripts: 'dangerously',
      virtualConsole: errors,
      beforeParse: (window) => {
        // The one thing that jsdom has no layout for.
        window.Element.prototype.scrollIntoView = () => undefined;
      },
    });
    this.page = this.#dom.window.document;
  }

  at<T extends HTMLElement>(id: string): T {
    return this.page.getElementById(id)! as T;
  }

  click(id: string): void {
    this.at(id).click();
  }

  key(key: string, on: EventTarget = this.page.body): void {
    on.dispatchEvent(new this.#dom.window.KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  }

  put(id: string, value: string): void {
    const field = this.at<HTMLInputElement>(id);
    field.value = value;
    field.dispatchEvent(new this.#dom.window.Event('input', { bubbles: true }));
  }

  check(id: string): void {
    this.at<HTMLInputElement>(id).click();
  }

  /** Number of the step that is shown. */
  get now(): number {
    const rows = [...this.page.querySelectorAll('#steps tr')];
    return rows.findIndex((row) => row.getAttribute('aria-current') === 'step');
  }

  /** The state beside the steps, as `name: value`, changed ones with what they were. */
  get state(): string[] {
    return [...this.page.querySelectorAll('#state tr')].map((row) =>
      [...row.querySelectorAll('td')].map((cell) => cell.textContent).join(': '),
    );
  }

  /** Numbers of the steps that the filter shows. */
  get shown(): number[] {
    const rows = [...this.page.querySelectorAll<HTMLElement>('#steps tr')];
    return rows.flatMap((row, step) => (row.hidden ? [] : [step]));
  }
}

it('is one file, and a name cannot break out of its text', () => {
  const page = traceHtml(lostUpdate(), { title: 'a <b> & "c"' });
  expect(page).toContain('<title>a &lt;b&gt; &amp; &quot;c&quot;</title>');
  expect(page).not.toMatch(/(?:src|href)=/u);
  expect(page).not.toContain('<other>');
  const { page: read } = new Reader(lostUpdate());
  const data = JSON.parse(read.getElementById('trace')!.textContent!) as unknown;
  expect(data).toEqual(JSON.parse(JSON.stringify(traceJson(lostUpdate()))));
});

it('has a lane for each CPU, a row for each step, and opens at the violation', () => {
  const reader = new Reader(lostUpdate());
  const heads = [...reader.page.querySelectorAll('#head th')].map((cell) => cell.textContent);
  expect(heads).toEqual(['step', 'CPU 0', 'CPU 1']);
  const cells = [...reader.page.querySelectorAll('#steps tr')].map((row) =>
    [...row.querySelectorAll('td')].map((cell) => cell.textContent),
  );
  expect(cells).toHaveLength(9);
  expect(cells[4]).toEqual(['4', '', '<other> task tryLock list.lock = busy']);
  expect(cells[6]![1]).toContain('n: 0 \u2192 1');
  expect(reader.now).toBe(8);
  expect(reader.page.querySelector('#steps tr.violation')).toBe(reader.page.querySelectorAll('#steps tr')[8]);
  expect(reader.at('outcome').textContent).toBe('check failed: counted 1 of 2');
});

it('steps back and forth, by buttons, slider, keys and a click on a step, with the state at each', () => {
  const reader = new Reader(lostUpdate());
  reader.click('start');
  expect([reader.now, reader.at<HTMLButtonElement>('back').disabled]).toEqual([0, true]);
  expect(reader.state).toEqual(['n: 0', 'counted to one: false']);
  for (let i = 0; i < 6; i++) reader.click('forward');
  expect(reader.now).toBe(6);
  expect(reader.state).toEqual(['n: 01', 'counted to one: falsetrue']);
  expect(reader.page.querySelectorAll('#state .was')).toHaveLength(2);
  reader.key('ArrowLeft');
  expect([reader.now, reader.state]).toEqual([5, ['n: 0', 'counted to one: false']]);
  reader.key('ArrowRight');
  reader.key('ArrowDown');
  expect([reader.now, reader.state]).toEqual([7, ['n: 1', 'counted to one: true']]);
  reader.put('slider', '3');
  expect([reader.now, reader.at('at').textContent]).toEqual([3, 'step 3 of 8']);
  reader.page.querySelectorAll<HTMLElement>('#steps tr')[2]!.click();
  expect(reader.now).toBe(2);
  reader.key('End');
  expect([reader.now, reader.at<HTMLButtonElement>('forward').disabled]).toEqual([8, true]);
  reader.key('Home');
  expect(reader.now).toBe(0);
});

it('jumps to the violation, by button and by key', () => {
  const reader = new Reader(lostUpdate());
  expect(reader.at('jump').hidden).toBe(false);
  reader.click('start');
  reader.click('jump');
  expect(reader.now).toBe(8);
  reader.key('Home');
  reader.key('v');
  expect(reader.now).toBe(8);
});

it('filters by text, CPU, cell and change, and steps over what is hidden', () => {
  const reader = new Reader(lostUpdate());
  reader.put('cpu', '1');
  expect(reader.shown).toEqual([3, 4, 5, 8]);
  expect(reader.at('shown').textContent).toBe('4 of 9 steps');
  reader.click('back');
  expect(reader.now).toBe(5);
  reader.put('cpu', '');
  reader.put('cell', 'list.lock');
  expect(reader.shown).toEqual([1, 4, 7]);
  reader.put('cell', '');
  reader.put('text', 'TRYLOCK');
  expect(reader.shown).toEqual([4]);
  // A key that a reader types into the field is text.
  reader.key('v', reader.at('text'));
  expect(reader.now).toBe(5);
  reader.put('text', '');
  reader.check('changing');
  expect(reader.shown).toEqual([6, 8]);
  reader.check('changing');
  expect([reader.shown.length, reader.at('shown').textContent]).toEqual([9, '']);
});

it('a run that ends has nothing to jump to, and opens at its end', () => {
  const cells = new CellSpace();
  const cell = cells.claim('x');
  function* steps(): Steps<void> {
    yield write(cell);
    yield write(cell);
  }
  const make = (): ReturnType<Parameters<typeof runSchedule>[0]['make']> => ({
    cells,
    tasks: [{ ctx: new Context(0), steps: steps(), name: 'writer' }],
  });
  const run = runSchedule({ cpus: 1, make }, new ReplayScheduler([0, 9]), { recordState: true });
  const reader = new Reader(run);
  expect(reader.at('jump').hidden).toBe(true);
  expect(reader.at('none').hidden).toBe(false);
  expect(reader.now).toBe(2);
  reader.key('v');
  expect(reader.now).toBe(2);
});
