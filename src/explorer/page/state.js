/** The state that is looked at, from one actor's side: what the step changed first, then what waits for it, its timers, and all of it on demand. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import { counted } from './words.js';

/** Deeper values start closed. */
const OPEN_DEPTH = 3;

/** @typedef {import('./types.js').State} State */

/** @param {import('./app.js').App} app */
export function statePanel(app) {
  const { value, error, stale } = app.state;
  const state = /** @type {State | undefined} */ (value);
  return html`
    <section aria-labelledby="state-title" aria-busy=${stale} data-region="state">
      <h2 id="state-title">State <span class="dim">after step ${app.at}</span>
        <span class="end"><button class="plain" aria-pressed=${app.route.full} data-command="full" title="Whole states (d)" @click=${() => app.go({ full: !app.route.full })}>${app.route.full ? 'whole' : 'diff'} <kbd aria-hidden="true">d</kbd></button></span></h2>
      ${error ? html`<p class="bad">${error.message}</p>` : nothing}
      ${app.model?.kind === 'actors' ? who(app, state) : nothing}
      ${state ? body(app, state) : nothing}
    </section>`;
}

/** @param {import('./app.js').App} app @param {State | undefined} state */
function who(app, state) {
  const lanes = (app.model?.lanes ?? []).filter((lane) => lane.kind !== 'environment');
  const chosen = app.actor;
  const actor = state?.actors.find((one) => one.lane === chosen);
  const isHidden = app.route.hide.includes(chosen);
  /** @param {Event} event */
  const choose = (event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    app.go({ actor: value === '' ? null : Number(value) });
  };
  return html`
    <div class="who">
      <select aria-label="Actor" data-actor-select @change=${choose}>
        <option value="" ?selected=${app.route.actor === null}>${app.route.actor === null ? `${lanes.find((lane) => lane.lane === chosen)?.name ?? ''} (${app.at === 0 ? 'acts' : 'acted'})` : `who ${app.at === 0 ? 'acts' : 'acted'}`}</option>
        ${lanes.map((lane) => html`<option value=${lane.lane} ?selected=${app.route.actor === lane.lane}>${lane.name}</option>`)}
      </select>
      ${actor && actor.status !== 'up' ? html`<span class="badge small" data-verdict="violated">${actor.status}</span>` : nothing}
      <button class="plain" aria-pressed=${isHidden} data-command="hide" title="Draw it, or not (h)" @click=${() => app.toggleHide(chosen)}>${isHidden ? 'hidden' : 'hide'} <kbd aria-hidden="true">h</kbd></button>
    </div>`;
}

/** @param {import('./app.js').App} app @param {State} state */
function body(app, state) {
  const isActors = app.model?.kind === 'actors';
  const actor = state.actors.find((one) => one.lane === app.actor);
  const mine = isActors ? state.diff.filter((row) => row.lane === app.actor) : state.diff;
  const elsewhere = isActors ? state.diff.filter((row) => row.lane !== app.actor) : [];
  const ofOthers = elsewhere.filter((row) => row.lane !== null);
  const rest = elsewhere.filter((row) => row.lane === null);
  return html`
    <div data-state-at=${state.at} data-state-actor=${actor?.name ?? ''}>
      <div class="part">
        <h3 class="title">${state.step ? 'Changed by this step' : 'The initial state'}</h3>
        ${state.step ? mine.length ? table(mine, false, 'changes') : html`<p class="dim">Nothing${isActors ? ` in ${actor?.name ?? 'it'}` : ''}.</p>` : html`<p class="dim">Nothing happened yet.</p>`}
      </div>
      ${state.sent.length ? html`
        <div class="part"><h3 class="title">Sent by this step</h3><ul class="items" data-sent>${state.sent.map((one) => html`<li><span class="from">to ${app.model?.lanes[one.to]?.name ?? ''}</span> ${one.content.text}</li>`)}</ul></div>` : nothing}
      ${actor ? actorParts(app, actor) : nothing}
      ${ofOthers.length ? html`<div class="part"><h3 class="title">Changed in others</h3>${table(ofOthers, true, 'others')}</div>` : nothing}
      ${rest.length ? html`<details class="part" ?open=${!mine.length && !ofOthers.length}><summary class="title">Changed in the network and beside <span class="dim">${rest.length}</span></summary>${table(rest, true, 'rest')}</details>` : nothing}
      ${state.outside.length ? html`<p class="part warn">⤫ Outside ${state.outside.join(', ')}: a check does not go on from here.</p>` : nothing}
      ${app.route.full ? whole(state, actor) : nothing}
      ${app.header?.loop && app.header.loop.fairness.length ? fairness(app.header.loop) : nothing}
    </div>`;
}

/** Longer values stand below each other. */
const SIDE_BY_SIDE = 18;

/** Old and new. @param {import('./types.js').DiffRow[]} rows @param {boolean} parts whether to say whose @param {string} name */
function table(rows, parts, name) {
  return html`
    <div class="diff" role="table" aria-label="What changed" data-diff=${name}>
      <div role="row" class="only-read"><span role="columnheader">where</span><span role="columnheader">before</span><span role="columnheader">after</span></div>
      ${rows.map((row) => html`
        <div role="row" class=${isLong(row) ? 'long' : ''} data-change=${row.change} data-path=${`${row.part}${row.path}`}>
          <span role="rowheader">${parts ? row.part : ''}${row.path || (parts ? '' : row.part)}</span>
          <span role="cell" data-before>${row.before ? html`<del>${row.before.text}</del>` : html`<span class="dim"><span class="only-read">nothing</span></span>`}</span>
          <span role="cell" data-after>${row.after ? html`<ins>${row.after.text}</ins>` : html`<span class="dim"><span class="only-read">nothing</span></span>`}</span>
        </div>`)}
    </div>`;
}

/** @param {import('./types.js').DiffRow} row */
function isLong(row) {
  const length = (/** @type {import('./types.js').Value | null} */ value) => value?.text.length ?? 0;
  return Math.max(length(row.before), length(row.after)) > SIDE_BY_SIDE || !row.before || !row.after;
}

/** @param {import('./app.js').App} app @param {import('./types.js').ActorState} actor */
function actorParts(app, actor) {
  const ordered = actor.ordered.map((lane) => app.model?.lanes[lane]?.name ?? '').join(', ');
  return html`
    <div class="part" data-inbox=${actor.inbox.length}><h3 class="title">Inbox <span class="dim">${actor.inbox.length || 'empty'}${ordered ? `, in order from ${ordered}` : ''}</span></h3>
      ${actor.inbox.length ? html`<ul class="items">${actor.inbox.map((one) => html`<li><span class="from">from ${one.from_name}</span> ${one.content.text}${one.remaining ? html` <span class="chip">${one.remaining}</span>` : nothing}</li>`)}</ul>` : nothing}</div>
    <div class="part" data-timers=${actor.timers.length}><h3 class="title">Timers <span class="dim">${actor.timers.length || 'none'}</span></h3>
      ${actor.timers.length ? html`<ul class="items">${actor.timers.map((one) => html`<li>◷ ${one.text}</li>`)}</ul>` : nothing}</div>
    ${actor.facets.map((one) => html`<div class="part" data-facet=${one.name}><h3 class="title">${one.name}</h3><div class="tree">${value(one.value.tree, one.value.text, 1)}</div></div>`)}`;
}

/** @param {State} state @param {import('./types.js').ActorState | undefined} actor */
function whole(state, actor) {
  return html`
    ${actor ? html`<div class="part" data-whole=${actor.name}><h3 class="title">All of ${actor.name}</h3><div class="tree">${actor.state ? value(actor.state.tree, actor.state.text, 0) : html`<span class="dim">it is down</span>`}</div></div>` : nothing}
    ${state.parts.map((one) => html`<div class="part" data-whole=${one.part}><h3 class="title">${one.part}</h3><div class="tree">${value(one.value.tree, one.value.text, 0)}</div></div>`)}`;
}

/** @param {import('./types.js').Loop} loop */
function fairness(loop) {
  return html`
    <details class="part" data-fairness><summary class="title">Why fairness allows the loop <span class="dim">${counted(loop.fairness.length, 'class', 'classes')}</span></summary>
      <ul class="items">${loop.fairness.map((one) => html`<li>${one.class} <span class="from">${one.fairness}: ${one.met}</span></li>`)}</ul></details>`;
}

/** A value, that opens where it is deep. @param {import('./types.js').Tree} tree @param {string} text @param {number} depth @returns {unknown} */
function value(tree, text, depth) {
  const [shape, inside] = Object.entries(tree)[0] ?? ['atom', ''];
  /** @param {string} head @param {[unknown, import('./types.js').Tree][]} entries */
  const branch = (head, entries) => {
    if (!entries.length) return html`<span>${flat(tree)}</span>`;
    return html`<details ?open=${depth < OPEN_DEPTH}><summary>${head} <span class="dim">${entries.length}</span></summary><ul>${entries.map(([key, child]) => html`<li>${key === null ? nothing : html`<span class="key">${key}:</span> `}${value(child, '', depth + 1)}</li>`)}</ul></details>`;
  };
  switch (shape) {
    case 'struct': return branch(inside[0], inside[1]);
    case 'tuple': return isFlat(tree) ? html`<span>${flat(tree)}</span>` : branch(inside[0], inside[1].map((/** @type {any} */ one, /** @type {number} */ i) => [i, one]));
    case 'list': return isFlat(tree) ? html`<span>${flat(tree)}</span>` : branch('list', inside.map((/** @type {any} */ one, /** @type {number} */ i) => [i, one]));
    case 'set': return isFlat(tree) ? html`<span>${flat(tree)}</span>` : branch('set', inside.map((/** @type {any} */ one) => [null, one]));
    case 'map': return branch('map', inside.map((/** @type {any} */ [key, one]) => [flat(key), one]));
    default: return html`<span>${text || flat(tree)}</span>`;
  }
}

/** Whether a value is small enough for one line. @param {import('./types.js').Tree} tree */
const isFlat = (tree) => flat(tree).length <= 60;

/** A value in one line. @param {import('./types.js').Tree} tree @returns {string} */
function flat(tree) {
  const [shape, inside] = Object.entries(tree)[0] ?? ['atom', ''];
  const all = (/** @type {any[]} */ list) => list.map(flat).join(', ');
  switch (shape) {
    case 'list': return `[${all(inside)}]`;
    case 'set': return `{${all(inside)}}`;
    case 'map': return `{${inside.map((/** @type {any} */ [key, one]) => `${flat(key)}: ${flat(one)}`).join(', ')}}`;
    case 'tuple': return `${inside[0]}(${all(inside[1])})`;
    case 'struct': return `${inside[0]}{${inside[1].map((/** @type {any} */ [key, one]) => `${key}: ${flat(one)}`).join(', ')}}`;
    case 'text': return JSON.stringify(inside);
    case 'unit': return inside || '()';
    default: return String(inside);
  }
}
