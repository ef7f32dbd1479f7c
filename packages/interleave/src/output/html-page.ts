/** The looks of the page that `traceHtml` makes; colours follow the reader's light or dark scheme. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#5c6670;--line:#d8dee4;--card:#f6f8fa;--now:#0a66c2;--nowbg:#dcebfa;--bad:#b3261e;--badbg:#fce8e6;--new:#8a4b00;--newbg:#fff1d6;--tone:40%}
@media (prefers-color-scheme:dark){:root{--bg:#14181d;--fg:#e4e8ec;--dim:#98a2ad;--line:#323a43;--card:#1c2229;--now:#7ab8f5;--nowbg:#1d3550;--bad:#ff9d94;--badbg:#4a1f1c;--new:#f2c66d;--newbg:#413112;--tone:70%}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:14px/1.45 system-ui,sans-serif;height:100vh;display:flex;flex-direction:column}
header{padding:10px 16px;border-bottom:1px solid var(--line);background:var(--card)}
h1{font-size:16px;margin:0 0 2px}
h2{font-size:13px;margin:0 0 6px;color:var(--dim);font-weight:600}
#outcome{font-family:ui-monospace,monospace;white-space:pre-wrap}
#outcome.bad{color:var(--bad)}
nav{display:flex;flex-wrap:wrap;gap:8px;align-items:center;padding:8px 16px;border-bottom:1px solid var(--line)}
nav label{display:flex;white-space:nowrap;gap:6px;align-items:center;color:var(--dim)}
button,input,select{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:3px 9px}
button:hover:not(:disabled){border-color:var(--now)}
button:disabled{opacity:.4}
button:focus-visible,input:focus-visible,select:focus-visible,tr:focus-visible{outline:2px solid var(--now);outline-offset:1px}
#jump{color:var(--bad);border-color:var(--bad)}
#at{min-width:9em;font-variant-numeric:tabular-nums}
main{flex:1;min-height:0;display:grid;grid-template-columns:minmax(0,1fr) minmax(230px,320px)}
#lanes{overflow:auto}
aside{overflow:auto;border-left:1px solid var(--line);padding:12px 14px;background:var(--card)}
table{border-collapse:collapse;width:100%;font-family:ui-monospace,monospace;font-size:12.5px}
#lanes th{position:sticky;top:0;background:var(--card);text-align:left;padding:5px 10px;border-bottom:1px solid var(--line);color:var(--dim);z-index:1}
#lanes td{padding:2px 10px;border-left:1px solid var(--line);vertical-align:top}
#lanes td:first-child,#lanes th:first-child{width:4.5em;text-align:right;border-left:0;color:var(--dim)}
#lanes tr{cursor:pointer;scroll-margin:34px 0 8px}
#lanes tbody tr:hover td{background:var(--card)}
.lane{border-left:3px solid var(--task);padding-left:8px;margin:1px 0}
#lanes tr.switched td{border-top:1px dashed var(--line)}
#lanes tr.later{opacity:.45}
#lanes tr.violation td{background:var(--badbg)}
#lanes tr[aria-current=step] td{background:var(--nowbg);box-shadow:inset 0 1px var(--now),inset 0 -1px var(--now)}
#lanes tr.violation td:first-child{border-left:4px solid var(--bad);color:var(--bad);font-weight:700}
.task{color:var(--task)}
.gave{color:var(--now)}
.changed{display:block;color:var(--new)}
aside td{padding:3px 6px;border-bottom:1px solid var(--line);vertical-align:top}
aside td:first-child{overflow-wrap:anywhere}
aside td:last-child{overflow-wrap:break-word;text-align:right;max-width:11em}
aside .was{color:var(--dim);text-decoration:line-through;margin-right:.5em}
.keys{color:var(--dim);font-size:12px}
kbd{font:11px ui-monospace,monospace;border:1px solid var(--line);border-radius:4px;padding:0 4px}
aside tr.new td{background:var(--newbg);color:var(--new)}
.none{color:var(--dim)}
@media (max-width:700px){main{grid-template-columns:1fr;grid-template-rows:1fr auto}aside{border-left:0;border-top:1px solid var(--line);max-height:35vh}}
`;

/** What the page does: steps, filters, jumps. Runs in the reader's browser, on the trace beside it. */
export const SCRIPT = `
const trace = JSON.parse(document.getElementById('trace').textContent);
const byId = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const { steps, cpus, outcome } = trace;
// A colour for each task, far apart from that of the next.
const colourOf = (task) => 'hsl(' + ((task * 137 + 210) % 360) + ' 65% var(--tone))';
const failed = outcome.kind !== 'ended';
const violation = failed ? steps.length - 1 : -1;
// By step: the value of everything that ever changes, as it is then.
const first = new Map();
for (const step of steps) for (const { name, before } of step.changes) if (!first.has(name)) first.set(name, before);
const stateAt = (at) => {
  const state = new Map(first);
  for (let i = 0; i <= at; i++) for (const { name, after } of steps[i].changes) state.set(name, after);
  return state;
};
let now = failed ? violation : steps.length - 1;
const head = byId('head');
head.append(make('th', 'step'));
for (let cpu = 0; cpu < cpus; cpu++) head.append(make('th', 'CPU ' + cpu));
const rows = steps.map((step) => {
  const row = make('tr');
  row.tabIndex = -1;
  if (step.switched) row.classList.add('switched');
  if (step.step === violation) row.classList.add('violation');
  row.append(make('td', (step.switched ? '> ' : '') + step.step));
  for (let cpu = 0; cpu < cpus; cpu++) {
    const cell = make('td');
    if (cpu === step.cpu) {
      const lane = make('div', undefined, 'lane');
      lane.style.setProperty('--task', colourOf(step.task));
      cell.append(lane);
      lane.append(make('span', step.name + ' ', 'task'), step.label ?? step.access);
      if (step.result !== undefined) lane.append(make('span', (step.result.startsWith('ends') ? ', ' : ' = ') + step.result, 'gave'));
      for (const { name, before, after } of step.changes) lane.append(make('span', name + ': ' + before + ' \\u2192 ' + after, 'changed'));
    }
    row.append(cell);
  }
  row.addEventListener('click', () => show(step.step));
  return row;
});
byId('steps').append(...rows);
const choose = (id, values) => byId(id).append(...values.map((value) => { const option = make('option', value); option.value = value; return option; }));
choose('cpu', Array.from({ length: cpus }, (_, cpu) => String(cpu)));
choose('cell', [...new Set(steps.map((step) => step.cell).filter((cell) => cell !== ''))].sort());
const matches = (step) => {
  const text = byId('text').value.toLowerCase();
  const words = [step.name, step.access, step.label ?? '', step.result ?? '', ...step.changes.map((change) => change.name + ' ' + change.before + ' ' + change.after)].join(' ').toLowerCase();
  return words.includes(text) && (byId('cpu').value === '' || Number(byId('cpu').value) === step.cpu) && (byId('cell').value === '' || byId('cell').value === step.cell) && (!byId('changing').checked || step.changes.length > 0 || step.step === violation);
};
function filter() {
  let shown = 0;
  for (const step of steps) { const hit = matches(step); rows[step.step].hidden = !hit; if (hit) shown++; }
  byId('shown').textContent = shown === steps.length ? '' : shown + ' of ' + steps.length + ' steps';
}
function show(at) {
  if (steps.length === 0) return;
  now = Math.max(0, Math.min(steps.length - 1, at));
  rows.forEach((row, i) => {
    row.classList.toggle('later', i > now);
    if (i === now) row.setAttribute('aria-current', 'step'); else row.removeAttribute('aria-current');
  });
  rows[now].scrollIntoView({ block: 'nearest' });
  byId('at').textContent = 'step ' + now + ' of ' + (steps.length - 1);
  byId('slider').value = String(now);
  byId('back').disabled = byId('start').disabled = now === 0;
  byId('forward').disabled = byId('end').disabled = now === steps.length - 1;
  const changed = new Map(steps[now].changes.map(({ name, before }) => [name, before]));
  byId('state').replaceChildren(...[...stateAt(now)].map(([name, value]) => {
    const row = make('tr', undefined, changed.has(name) ? 'new' : '');
    const is = make('td');
    if (changed.has(name)) is.append(make('span', changed.get(name), 'was'));
    is.append(value);
    row.append(make('td', name), is);
    return row;
  }));
  byId('none').hidden = first.size > 0;
}
// To the next step that the filter shows, in either direction.
const go = (by) => {
  let at = now + by;
  while (at > 0 && at < steps.length - 1 && rows[at].hidden) at += by;
  if (at >= 0 && at < steps.length && !rows[at].hidden) show(at);
};
byId('start').addEventListener('click', () => show(0));
byId('back').addEventListener('click', () => go(-1));
byId('forward').addEventListener('click', () => go(1));
byId('end').addEventListener('click', () => show(steps.length - 1));
byId('jump').addEventListener('click', () => show(violation));
byId('jump').hidden = !failed;
byId('slider').max = String(Math.max(0, steps.length - 1));
byId('slider').addEventListener('input', (event) => show(Number(event.target.value)));
for (const id of ['text', 'cpu', 'cell', 'changing']) byId(id).addEventListener('input', filter);
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') document.activeElement?.blur();
  if (event.target.matches('select,[type=search],[type=range]') || event.ctrlKey || event.metaKey || event.altKey) return;
  const does = { ArrowLeft: () => go(-1), ArrowUp: () => go(-1), ArrowRight: () => go(1), ArrowDown: () => go(1), Home: () => show(0), End: () => show(steps.length - 1), v: () => failed && show(violation), '/': () => byId('text').focus() }[event.key];
  if (does) { event.preventDefault(); does(); }
});
filter();
show(now);
`;
