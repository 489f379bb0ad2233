/** The path as a list: one row a step, what happened and how much it changed. Of a long path only the rows that are seen exist. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import { found } from './find.js';
import { label } from './label.js';
import { counted, nowWord } from './words.js';

const HEIGHT = 30;

/** @param {import('./app.js').App} app */
export function steps(app) {
  const header = app.header;
  if (!header) return html`<p class="empty">Loading the path …</p>`;
  const filtered = app.route.q ? found(app).steps : null;
  const count = (filtered ? filtered.length : header.n_steps) + 1;
  const numberAt = (/** @type {number} */ i) => (i === 0 ? 0 : filtered ? filtered[i - 1] : i);
  const [first, end] = app.rows.range('steps', count, HEIGHT, HEIGHT);
  const shown = Array.from({ length: end - first }, (_, i) => first + i);
  const index = filtered ? (app.at === 0 ? 0 : filtered.indexOf(app.at) + 1) : app.at;
  const key = `${header.id} ${app.at} ${app.route.q}`;
  if (app.revealed.steps !== key) {
    app.revealed.steps = key;
    app.rows.reveal('steps', { y: (index + 1) * HEIGHT, height: HEIGHT, head: HEIGHT });
  }
  return html`
    <div class="scroll steps" data-scroller="steps" tabindex="0" role="region" aria-label="Steps">
      <div class="sheet" role="table" aria-label="Steps of the path" aria-rowcount=${count + 1} .style=${`height:${(count + 1) * HEIGHT}px`}>
        <div role="rowgroup"><div role="row" class="headed" aria-rowindex="1"><span role="columnheader">step</span><span role="columnheader"><span class="only-read">verdict</span></span><span role="columnheader">what happens</span><span role="columnheader">what follows</span></div></div>
        <div role="rowgroup">
          ${repeat(shown, numberAt, (/** @type {number} */ i) => row(app, numberAt(i), i))}
          ${header.loop && !filtered && !header.loop.stays
            ? html`<div class="loop-edge" aria-hidden="true" .style=${`top:${(header.loop.start + 2) * HEIGHT + 6}px;height:${(header.n_steps - header.loop.start) * HEIGHT - 12}px`}></div>` : nothing}
        </div>
      </div>
    </div>`;
}

/** @param {import('./app.js').App} app @param {number} number @param {number} index */
function row(app, number, index) {
  const step = number === 0 ? null : app.paths.get(app.asked, number).steps[number];
  const isCurrent = app.at === number;
  const mark = app.markAt(number);
  const future = number > app.at ? 'future' : '';
  const turned = step?.turned ?? [];
  const name = (/** @type {number} */ i) => app.model?.properties[i]?.name ?? '';
  return html`
    <div role="row" class="${mark} ${future}" data-broken=${mark === 'breaks'} aria-rowindex=${index + 2} data-step=${number} data-current=${isCurrent} data-fault=${step?.fault ?? false} tabindex=${isCurrent ? 0 : -1} aria-current=${isCurrent ? 'step' : 'false'}
      .style=${`top:${(index + 1) * HEIGHT}px`} title=${step?.label ?? ''} @click=${() => app.goTo(number, true)}>
      <span role="cell" class="n">${number}</span>
      <span role="cell" class=${mark === 'breaks' ? 'bad' : 'good'}>${mark === 'breaks' ? '✗' : mark === 'met' ? '✓' : step?.fault ? html`<span class="bad" title="a fault">⚡</span>` : nothing}</span>
      <span role="cell">${number === 0 ? 'start' : step ? label(step) : '…'}</span>
      <span role="cell" class="changed">${step ? turned.length ? turned.map((turn, i) => html`${i ? ', ' : ''}<b class=${turn.after === 'violated' ? 'bad' : ''}>${nowWord(turn.after)}: ${name(turn.property)}</b>`) : follows(app, step) : nothing}</span>
    </div>`;
}

/** @param {import('./app.js').App} app @param {import('./types.js').Step} step */
function follows(app, step) {
  if (step.no_op) return 'nothing';
  const who = step.changed.map((lane) => app.model?.lanes[lane]?.name ?? '').join(', ');
  const sent = step.sent ? `sends ${step.sent}` : '';
  // A general model has no actors, only parts.
  const what = app.model?.kind === 'general' && step.changes ? counted(step.changes, 'change') : '';
  return [who && `changes ${who}`, what, sent].filter(Boolean).join(' · ');
}
