/** What can happen next, by who acts: each action with where it leads (somewhere new, somewhere seen, nowhere) and what it would break. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import { nowOf } from './words.js';

/** @param {import('./app.js').App} app */
export function actionsPanel(app) {
  const { value: next, error, stale } = app.next;
  const count = next ? `${next.n_actions}` : '';
  return html`
    <section class="actions-panel ${app.ui.picking ? 'picking' : ''}" aria-labelledby="actions-title" aria-busy=${stale} data-region="actions">
      <h2 id="actions-title">Actions here <span class="dim" data-action-count=${next?.n_actions ?? ''}>${count}</span>
        <span class="end"><kbd aria-hidden="true">n</kbd> then <kbd aria-hidden="true">1</kbd>–<kbd aria-hidden="true">9</kbd></span></h2>
      ${app.ui.picking ? html`<p class="hint" role="status">Which? Press 1 to 9, or Esc.</p>` : nothing}
      ${error ? html`<p class="bad">${error.message}</p>` : nothing}
      ${next ? starts(app, next) : nothing}
      ${next && !next.n_actions ? html`<p class="dim">Nothing: the run ends here.</p>` : nothing}
      ${next?.groups.map((/** @type {any} */ group) => html`
        <div class="group" data-action-group=${group.name}>
          <h3><span class="swatch" aria-hidden="true"></span>${group.name}</h3>
          <div class="actions">${group.actions.map((/** @type {any} */ one) => action(app, one))}</div>
        </div>`)}
    </section>`;
}

/** @param {import('./app.js').App} app @param {import('./types.js').Action} one */
function action(app, one) {
  const isNext = app.isNext(one);
  const isSeen = app.isSeen(one);
  const name = (/** @type {number} */ i) => app.model?.properties[i]?.name ?? '';
  // What is broken here already is not broken by it.
  const breaks = one.breaks.filter((i) => nowOf(app.letters, i) !== 'violated');
  const mark = one.no_op ? 'no-op' : isSeen ? 'seen' : 'new';
  const title = mark === 'no-op' ? 'nothing changes but that it is gone' : mark === 'seen' ? 'leads to a state that was shown already' : 'leads to a state that was not shown yet';
  return html`
    <button class="action ${one.fault ? 'fault' : ''} ${one.no_op ? 'noop' : ''} ${isNext ? 'is-next' : ''}" data-action=${one.code} data-kind=${one.kind}
      data-action-number=${one.number} data-mark=${mark} data-breaks=${breaks.map(name).join('\n')} data-taken=${isNext} title=${one.label} @click=${() => app.act(one)}>
      <kbd>${one.number <= 9 ? one.number : '·'}</kbd>
      <span class="what">${one.short}</span>
      <span class="chips"><span class="chip" title=${title}>${mark}</span>${isNext ? html`<span class="chip" title="the next step of this path">next</span>` : nothing}</span>
      ${breaks.map((i) => html`<span class="breaks">✗ breaks ${name(i)}</span>`)}
      ${one.meets.map((i) => html`<span class="meets good">✓ meets ${name(i)}</span>`)}
      ${one.outside ? html`<span class="breaks outside">⤫ outside a boundary</span>` : nothing}
    </button>`;
}

/** @param {import('./app.js').App} app @param {import('./types.js').Next} next */
function starts(app, next) {
  if (next.starts.length < 2) return nothing;
  return html`
    <div class="group"><h3>Initial state</h3>
      <select aria-label="Initial state" data-command="initial" @change=${(/** @type {Event} */ event) => app.open(/** @type {HTMLSelectElement} */ (event.target).value, 0)}>
        ${next.starts.map((one) => html`<option value=${one.path} ?selected=${one.current}>initial state ${one.initial + 1} of ${next.starts.length}</option>`)}
      </select></div>`;
}
