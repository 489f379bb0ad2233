/** The headline: what the path that is looked at shows, and why, in one look; else what the check found. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import * as api from './api.js';
import { beginning } from './paths.js';
import { changeLine, claim, counted, number, verdictGlyph, verdictWord } from './words.js';

/** @param {import('./app.js').App} app */
export function headline(app) {
  const { header, shown } = app;
  if (app.path.error) {
    const { error } = app.path;
    return html`<section class="headline" data-verdict="none" aria-label="Finding"><div class="text"><h2>This path cannot be shown</h2><p class="reason">${error.message}${error.cure ? ` (${error.cure})` : ''}</p></div>
      <button @click=${() => app.open(app.model?.start ?? '0', 0)}>To the start</button></section>`;
  }
  if (!header) return html`<section class="headline" data-verdict="none" aria-label="Finding"><div class="text"><h2 class="dim">Loading the path …</h2></div></section>`;
  return shown ? finding(app, header, shown) : nothingShown(app);
}

/** @param {import('./app.js').App} app @param {import('./types.js').Path} header @param {import('./types.js').Counterexample} shown */
function finding(app, header, shown) {
  const property = app.model?.properties[shown.property];
  const isBad = shown.verdict === 'violated';
  const where = header.loop && property?.liveness
    ? header.loop.stays ? `stays for ever after step ${header.loop.start}` : `steps ${header.loop.start + 1} to ${header.n_steps} repeat for ever`
    : `step ${shown.step} of ${header.n_steps}`;
  return html`
    <section class="headline" data-verdict=${isBad ? 'violated' : 'holds'} data-headline=${property?.name ?? ''} data-headline-step=${shown.step} aria-label="Finding">
      <span class="big ${isBad ? 'bad' : 'good'}" aria-hidden="true">${isBad ? '✗' : '✓'}</span>
      <div class="text" role="status">
        <h2>${property && property.words !== property.name ? html`<span class="kind">${property.words}</span> ` : nothing}${property?.name}
          <span class="kind">${isBad ? 'violated' : 'reached'} · ${where}</span></h2>
        ${why(app, header, shown)}
      </div>
      <button data-command="violation" title="v" ?disabled=${app.at === shown.step} @click=${() => app.goTo(shown.step, true)}>To step ${shown.step}</button>
    </section>`;
}

/**
 * One line: the step that shows it and what it changed; of a loop what goes on.
 * @param {import('./app.js').App} app @param {import('./types.js').Path} header @param {import('./types.js').Counterexample} shown
 */
function why(app, header, shown) {
  const isLoop = header.loop && app.model?.properties[shown.property]?.liveness;
  if (isLoop || shown.step === 0) return html`<p class="reason plain" data-reason>${withoutName(app, shown)}</p>`;
  const key = `state ${app.paths.number(header.id)} ${shown.step} diff`;
  const state = app.resources.get(key, () => api.state(beginning(header, shown.step), shown.step, 'diff')).value;
  const step = app.paths.get(app.asked, shown.step).steps[shown.step];
  const rows = (state?.diff ?? []).filter((/** @type {any} */ row) => row.lane !== null);
  const note = state?.verdicts.find((/** @type {any} */ one) => one.property === shown.property)?.note;
  return html`
    <p class="reason"><span class="only-read">${shown.reason}</span>${step ? html`<span title=${step.label}>${step.short}</span>` : nothing}${rows.slice(0, 2).map((/** @type {any} */ row) => html`<span class="because">${changeLine(row, 40)}</span>`)}${rows.length > 2 ? html`<span class="because">and ${rows.length - 2} more</span>` : nothing}</p>
    ${note ? html`<p class="reason">${note}</p>` : nothing}`;
}

/** The reason, without the name that stands above it. @param {import('./app.js').App} app @param {import('./types.js').Counterexample} shown */
function withoutName(app, shown) {
  const property = app.model?.properties[shown.property];
  const start = `${property?.words} "${property?.name}" `;
  return shown.reason.startsWith(start) ? `It ${shown.reason.slice(start.length)}` : shown.reason;
}

/** @param {import('./app.js').App} app */
function nothingShown(app) {
  const { run } = app.live;
  const properties = app.model?.properties ?? [];
  const discoveries = run?.discoveries ?? [];
  const bad = discoveries.filter((one) => one.verdict === 'violated');
  const verdict = run?.verdict ?? null;
  const witnesses = discoveries.filter((one) => one.verdict === 'holds' && one.paths.length);
  const isDone = run?.state === 'done';
  let title = 'The check goes on';
  if (run?.state === 'failed') title = 'The check failed';
  else if (run?.state === 'idle' || !run) title = 'Not checked yet';
  else if (bad.length) title = `${counted(bad.length, 'property is', 'properties are')} violated`;
  else if (isDone && verdict === 'holds') title = properties.length === 1 ? 'The property holds' : `All ${properties.length} properties hold`;
  else if (isDone) title = `${counted(properties.length, 'property', 'properties')}: ${verdictWord(verdict)}`;
  const states = run?.summary ? `${number(run.summary.unique)} states, the longest shortest path has ${counted(run.summary.depth, 'step')}` : '';
  return html`
    <section class="headline" data-verdict=${bad.length ? 'none' : isDone ? verdict : 'none'} data-headline="" aria-label="Finding">
      <span class="big" aria-hidden="true">${verdictGlyph(verdict)}</span>
      <div class="text" role="status">
        <h2>${title}${bad.some((one) => one.paths.length) ? html` <span class="kind">· this path shows none of it</span>` : nothing}</h2>
        <p class="reason"><span class="lead">${run?.error ?? (bad.length ? bad.map((one) => (one.paths.length ? claim(properties[one.property]) : one.reason)).join(', ') : states)}${isDone && run.summary?.cuts.length ? ` · cut by ${run.summary.cuts.join(', ')}` : ''}${run?.summary?.stopped ? ` · stopped: ${run.summary.stopped}` : ''}</span></p>
      </div>
      ${bad.some((one) => one.paths.length) ? html`<button data-command="violation" title="v" @click=${() => app.violation()}>Show</button>` : nothing}
      ${!bad.length && witnesses[0] && app.header?.n_steps === 0 ? html`<button @click=${() => app.discovery(witnesses[0])}>See a witness</button>` : nothing}
    </section>`;
}
