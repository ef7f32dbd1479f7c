import { expectOptions } from '../expected.js';
import type { RunResult } from '../run-schedule.js';
import { outcomeOf } from './describe-access.js';
import { SCRIPT, STYLE } from './html-page.js';
import { traceJson } from './trace-json.js';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** How a {@link traceHtml} is headed. */
export interface TraceHtmlOptions {
  /** The heading and the title of the page. Default: `Run`. */
  readonly title?: string;
}

/**
 * A run as one HTML file that needs nothing else: a lane for each CPU, steps back and forth (buttons, slider, arrow keys), the
 * state at each step and what it changed, a jump to the violation (`v`), and filters by text, CPU, cell and change.
 *
 * @example
 * writeFileSync('run.html', traceHtml(result, { title: 'The lost update' }));
 */
export function traceHtml(result: RunResult, options: TraceHtmlOptions = {}): string {
  expectOptions(options, { title: 'string' });
  const title = escaped(options.title ?? 'Run');
  const data = traceJson(result);
  // In a script element only `</` could end it early.
  const json = JSON.stringify(data).replaceAll('<', String.raw`\u003c`);
  const bad = result.outcome.kind === 'ended' ? '' : ' class="bad"';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${title}</h1><div id="outcome"${bad}>${escaped(outcomeOf(result))}</div></header>
<nav aria-label="Steps">
<button id="start" title="Home">First</button>
<button id="back" title="Left arrow">Back</button>
<button id="forward" title="Right arrow">Forward</button>
<button id="end" title="End">Last</button>
<button id="jump" title="v">Jump to the violation</button>
<input id="slider" type="range" min="0" value="0" aria-label="Step">
<span id="at" role="status"></span>
<label>Find <input id="text" type="search" size="14"></label>
<label>CPU <select id="cpu"><option value="">all</option></select></label>
<label>Cell <select id="cell"><option value="">all</option></select></label>
<label><input id="changing" type="checkbox"> Only changes</label>
<span id="shown" role="status"></span>
</nav>
<main>
<div id="lanes"><table><thead><tr id="head"></tr></thead><tbody id="steps"></tbody></table></div>
<aside><h2>State after this step</h2><table><tbody id="state"></tbody></table><p id="none" class="none">No step changes a state that is shown.</p>
<p class="keys"><kbd>←</kbd> <kbd>→</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> first and last, <kbd>v</kbd> violation, <kbd>/</kbd> find, <kbd>Esc</kbd> back to the steps</p></aside>
</main>
<script type="application/json" id="trace">${json}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}
