/** Two paths beside each other: how far they are the same, where they part, and what differs there. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import * as api from './api.js';
import { claim, counted, cut } from './words.js';

/** Steps that are shown before the first that differs, and from there on. */
const BEFORE = 3;
const AFTER = 8;

/** More paths than this are not offered. */
const OFFERED = 200;

/** @type {{ key: string, known: [string, string][] }} */
let offered = { key: '', known: [] };

/** Everything that there is to compare with. @param {import('./app.js').App} app @returns {[string, string][]} names of paths, and words for them */
function choices(app) {
  // A tree of long paths is not gone through for every drawing.
  const key = [app.visited.version, app.loaded.length, app.live.run?.run, app.live.run?.state, app.live.run?.discoveries.length].join();
  if (offered.key !== key) offered = { key, known: listed(app) };
  return offered.known;
}

/** @param {import('./app.js').App} app @returns {[string, string][]} */
function listed(app) {
  /** @type {Map<string, string>} */
  const known = new Map();
  for (const one of app.live.run?.discoveries ?? []) {
    const what = one.verdict === 'violated' ? 'counterexample' : 'witness';
    one.paths.forEach((id, i) => known.set(id, `${what}${one.paths.length > 1 ? `, run ${i + 1}` : ''}: ${claim(app.model?.properties[one.property])}`));
  }
  for (const one of app.loaded) if (!known.has(one.id)) known.set(one.id, `file: ${one.name}`);
  for (const leaf of app.visited.leaves().slice(0, OFFERED)) {
    const id = app.visited.id(leaf, true);
    if (!known.has(id) && leaf.depth > 0) known.set(id, `visited: ${counted(leaf.depth, 'step')}${leaf.step ? `, to ${cut(leaf.step.short, 40)}` : ''}`);
  }
  return [...known];
}

/** @param {import('./app.js').App} app */
export function compare(app) {
  const a = app.header?.id ?? '';
  const b = app.route.vs;
  const known = choices(app);
  const named = new Map(known);
  /** @param {string} id */
  const options = (id) => html`
    ${named.has(id) ? nothing : html`<option value=${id} selected>${id ? 'this path' : 'choose …'}</option>`}
    ${known.map(([one, words]) => html`<option value=${one} ?selected=${one === id}>${words}</option>`)}`;
  const pick = (/** @type {(id: string) => void} */ take) => (/** @type {Event} */ event) => take(/** @type {HTMLSelectElement} */ (event.target).value);
  return html`
    <div class="compare" role="region" aria-label="Compare" tabindex="0" data-compare-view>
      <form @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <label>A, the path that is looked at<select data-compare-a @change=${pick((id) => app.go({ p: id, at: null }))}>${options(a)}</select></label>
        <label>B<select data-compare-b @change=${pick((id) => app.go({ vs: id }))}>${options(b)}</select></label>
        <button type="button" ?disabled=${!b} @click=${() => app.go({ p: b, vs: a, at: null })}>⇄ Swap</button>
      </form>
      ${a && b ? answer(app, a, b) : html`<p class="dim">Choose a path to compare with: a counterexample, a trace file that was dropped on the page, or any path of the visited tree.</p>`}
    </div>`;
}

/** @param {import('./app.js').App} app @param {string} a @param {string} b */
function answer(app, a, b) {
  const { value, error } = app.resources.get(`compare ${a} ${b}`, () => api.compare(a, b));
  if (error) return html`<p class="bad">${error.message}</p>`;
  const found = /** @type {import('./types.js').Compare | undefined} */ (value);
  if (!found) return html`<p class="dim">Comparing …</p>`;
  const { differs } = found;
  if (!differs) return html`<p class="answer" role="status" data-divergence="none">They are the same, all ${counted(found.common, 'step')}.</p>`;
  const at = Math.max(found.common + 1, 1);
  return html`
    <div class="answer" role="status" data-divergence=${differs.kind} data-divergence-step=${differs.step}>
      <b>${found.common ? `The same for ${counted(found.common, 'step')}` : 'They part at once'}</b>: ${differs.message}
    </div>
    <div class="pair">${run(app, 'A', a, at)}${run(app, 'B', b, at)}</div>
    ${differs.state.length ? html`
      <div><h3>What differs after it</h3>
        <table class="changes" data-diff="compare"><thead><tr><th scope="col">where</th><th scope="col">in A</th><th scope="col">in B</th></tr></thead>
        <tbody>${differs.state.map((row) => html`<tr data-path=${`${row.part}${row.path}`}><th scope="row">${row.part}${row.path}</th><td>${row.before?.text ?? '–'}</td><td>${row.after?.text ?? '–'}</td></tr>`)}</tbody></table></div>` : nothing}`;
}

/** One of the two, around where they part. @param {import('./app.js').App} app @param {string} letter @param {string} id @param {number} at */
function run(app, letter, id, at) {
  const known = app.paths.get(id, at);
  const n = known.header?.n_steps ?? 0;
  const first = Math.max(1, at - BEFORE);
  const end = Math.min(n, at + AFTER - 1);
  const numbers = Array.from({ length: Math.max(0, end - first + 1) }, (_, i) => first + i);
  return html`
    <div data-compare-run=${letter}>
      <h3>${letter} <span class="dim">${counted(n, 'step')}${known.header?.loop ? ', then it repeats' : ''}</span>
        <button class="plain jump" @click=${() => app.open(id, Math.min(at, n))}>open</button></h3>
      <ol>
        ${first > 1 ? html`<li class="dim"><span class="n">…</span><span>${counted(first - 1, 'step')} before</span></li>` : nothing}
        ${numbers.map((number) => html`<li class=${number === at ? 'differs' : number < at ? 'dim' : ''} data-step=${number}><span class="n">${number}</span><span>${app.paths.get(id, number).steps[number]?.short ?? '…'}</span></li>`)}
        ${n < at ? html`<li class="differs"><span class="n">–</span><span>ends here</span></li>` : nothing}
        ${end < n ? html`<li class="dim"><span class="n">…</span><span>${counted(n - end, 'step')} more</span></li>` : nothing}
      </ol>
    </div>`;
}
