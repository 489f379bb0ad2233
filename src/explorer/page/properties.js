/** The properties: what the whole check says of each, what it says of the state that is looked at, and how to get where it shows. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import * as glyphs from './glyphs.js';
import { duration, nowOf, nowTitle, nowWord, number, size, verdictGlyph, verdictWord } from './words.js';

/** @type {Record<string, number>} */
const RANK = { violated: 0, inconclusive: 1, vacuous: 2, holds_within_bounds: 3, holds: 5 };

/** @param {import('./app.js').App} app */
export function propertiesPanel(app) {
  const properties = app.model?.properties ?? [];
  const verdicts = app.live.run?.properties ?? [];
  /** @param {import('./types.js').Property} one */
  const rank = (one) => RANK[verdicts[one.property]?.verdict ?? ''] ?? 4;
  const sorted = [...properties].sort((a, b) => rank(a) - rank(b) || Number(a.built_in) - Number(b.built_in) || a.property - b.property);
  return html`
    <section class="properties-panel" aria-labelledby="properties-title">
      <h2 id="properties-title">Properties
        <span class="end"><button class="plain" data-command="until" title="Go on to where a verdict changes (u; back with U)" @click=${() => app.until(null, 'forward')}>until one changes <kbd aria-hidden="true">u</kbd></button></span>
      </h2>
      <ul class="properties">${sorted.map((one) => row(app, one))}</ul>
      ${aboutRun(app)}
    </section>`;
}

/** What the check comes to besides verdicts: counts, what cut it, what was assumed, what never happened. @param {import('./app.js').App} app */
function aboutRun(app) {
  const { run } = app.live;
  const summary = run?.summary;
  if (!run || !summary) return nothing;
  /** @type {[string, string[]][]} */
  const lists = [
    ['boundaries', app.model?.boundaries ?? []],
    ['cut by', [...summary.cuts, ...(summary.stopped ? [`stopped: ${summary.stopped}`] : [])]],
    ['assumed', summary.assumptions],
    ['warnings', summary.warnings],
    ['never exercised', summary.never_exercised],
  ];
  const loud = summary.warnings.length + summary.never_exercised.length;
  return html`
    <details class="about" data-about-run><summary class="title">About the check ${loud ? html`<span class="warn">${loud} to note</span>` : nothing}</summary>
      <dl>
        <dt>unique states</dt><dd>${number(summary.unique)}</dd>
        <dt>generated</dt><dd>${number(summary.generated)}</dd>
        <dt>transitions</dt><dd>${number(summary.transitions)}</dd>
        <dt>depth</dt><dd>${number(summary.depth)}</dd>
        <dt>omission</dt><dd>${summary.omission_bound === 0 ? 'none' : `chance at most ${summary.omission_bound.toExponential(1)}`}</dd>
        ${summary.symmetry ? html`<dt>symmetry</dt><dd>${summary.symmetry}</dd>` : nothing}
        <dt>took</dt><dd>${duration(run.progress.seconds)}, ${size(run.progress.bytes)}</dd>
        ${lists.filter(([, items]) => items.length).map(([name, items]) => html`<dt>${name}</dt><dd>${items.map((item) => html`<div>${item}</div>`)}</dd>`)}
      </dl>
    </details>`;
}

/** @param {import('./app.js').App} app @param {import('./types.js').Property} property */
function row(app, property) {
  const run = app.live.run?.properties[property.property];
  const verdict = run?.verdict ?? null;
  const discovery = app.live.run?.discoveries.find((one) => one.property === property.property);
  const now = nowOf(app.letters, property.property);
  const note = app.state.value?.verdicts.find((/** @type {any} */ one) => one.property === property.property)?.note ?? null;
  const isShown = app.showing.find((one) => one.property === property.property);
  const color = verdict === 'violated' ? 'bad' : verdict === 'holds' ? 'good' : verdict === null ? 'dim' : 'warn';
  const nowColor = now === 'violated' ? 'bad' : now === 'holds' || now === 'met' ? 'good' : 'dim';
  const title = property.words === property.name ? property.name : html`<span class="kind">${property.words}</span> ${property.name}`;
  return html`
    <li class="property" data-property=${property.name} data-property-number=${property.property} data-verdict=${verdict ?? 'none'} data-now=${now ?? 'none'}>
      <span class="mark ${color}" aria-hidden="true">${verdictGlyph(verdict)}</span>
      <span class="name">${title}</span>
      ${jump(app, property, discovery)}
      <span class="line">
        <span class=${color} data-run-verdict>${verdictWord(verdict)}${run?.as_expected === true && verdict !== 'holds' ? html` <span class="dim" title="the variant declares it">expected</span>` : nothing}${run?.as_expected === false ? html` <b>unexpectedly</b>` : nothing}</span>
        <span class="here ${nowColor}" data-now=${now ?? 'none'} title=${nowTitle(now)}><span class="only-read">at this state: </span>${nowWord(now)}<span class="dim" aria-hidden="true"> here</span></span>
        <button class="plain jump" aria-label=${`To where ${property.name} changes next`} title="To where its verdict changes next" data-until=${property.property} @click=${() => app.until(property.property, 'forward')}>${glyphs.forward()}</button>
      </span>
      ${isShown?.verdict === 'violated' && (property.liveness || isShown.paths) ? html`<span class="note bad">${isShown.paths ? 'this path and the other run show it together' : 'this path shows it'}</span>` : nothing}
      ${note ? html`<span class="note">${note}</span>` : nothing}
      ${run?.note ? html`<span class="note">${run.note}</span>` : nothing}
    </li>`;
}

/**
 * To the counterexample or the witness.
 * @param {import('./app.js').App} app @param {import('./types.js').Property} property @param {import('./types.js').Discovery | undefined} discovery
 */
function jump(app, property, discovery) {
  if (!discovery?.paths.length) return nothing;
  const what = discovery.verdict === 'violated' ? 'counterexample' : 'witness';
  const isHere = discovery.paths.includes(app.header?.id ?? '');
  const word = discovery.verdict === 'violated' ? 'show' : 'witness';
  return html`
    <span class="jumps ${discovery.paths.length > 1 ? 'many' : ''}">
      ${discovery.paths.map((_, i) => html`
        <button class="jump" data-jump=${property.property} aria-pressed=${isHere && discovery.paths[i] === app.header?.id} aria-label=${`Show the ${what} of ${property.name}${discovery.paths.length > 1 ? `, run ${i + 1}` : ''}`}
          title=${`${discovery.reason}${discovery.why ? `: ${discovery.why}` : ''} (${discovery.steps} steps)`} @click=${() => app.discovery(discovery, i)}>${discovery.paths.length > 1 ? `run ${i + 1}` : word}</button>`)}
      ${discovery.paths.length === 2 ? html`<button class="jump" @click=${() => app.compareRuns(property.property, discovery.paths)}>compare</button>` : nothing}
    </span>`;
}
