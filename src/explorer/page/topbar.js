/** The top of the page: what is explored, the verdict, the counters of the check, search, export, share, theme, help. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import { live } from './vendor/lit-html/directives/live.js';
import * as api from './api.js';
import * as glyphs from './glyphs.js';
import { isDark, toggleTheme } from './theme.js';
import { brief, duration, number, size, verdictGlyph, verdictWord } from './words.js';
import { found } from './find.js';

/** @param {import('./app.js').App} app */
export function topbar(app) {
  const { model } = app;
  if (!model) return nothing;
  const changed = model.parameters.filter((one) => one.value !== one.default);
  const others = model.parameters.filter((one) => one.value === one.default);
  return html`
    <header class="top">
      <h1 class="model" title=${model.summary} data-model=${model.name}>
        <img src="icon.svg" alt="" width="22" height="22">
        <span class="name">${model.model}<span class="variant"> / ${model.variant}</span></span>
      </h1>
      <ul class="params" aria-label="Parameters">
        ${[...changed, ...others].map((one) => html`
          <li class="chip" data-parameter=${one.name} title=${`${one.help} (${one.domain}; ${one.default} unless set)`}>${one.name}=<b>${one.value}</b></li>`)}
      </ul>
      ${verdict(app)}
      ${counters(app)}
      <div class="spacer"></div>
      ${search(app)}
      ${tools(app)}
    </header>`;
}

/** @param {import('./app.js').App} app */
function verdict(app) {
  const { run, connection } = app.live;
  if (connection === 'disconnected' || connection === 'refused') {
    return html`<span class="badge" data-verdict="inconclusive" data-connection=${connection} role="status">⚡ ${connection}</span>`;
  }
  const state = run?.state ?? 'idle';
  const isGoing = state === 'running' || state === 'stopping';
  const word = run?.verdict ? verdictWord(run.verdict) : state === 'failed' ? 'failed' : isGoing ? 'checking' : 'not checked';
  return html`
    <span class="badge" role="status" data-verdict=${run?.verdict ?? 'none'} data-run=${state} data-connection=${connection}>
      <span aria-hidden="true">${run?.verdict ? verdictGlyph(run.verdict) : nothing}</span>${word}
      ${isGoing ? html`<span class="running" aria-hidden="true"></span><span class="only-read">, the check goes on</span>` : nothing}
    </span>`;
}

/** @param {import('./app.js').App} app */
function counters(app) {
  const { run } = app.live;
  if (!run) return nothing;
  const isGoing = run.state === 'running' || run.state === 'stopping';
  const { progress, summary } = run;
  /** @type {[string, string, string, string][]} */
  const shown = [
    ['unique', 'states', brief(summary?.unique ?? progress.unique), `${number(summary?.unique ?? progress.unique)} unique states, ${number(summary?.generated ?? progress.generated)} generated`],
    ['depth', 'depth', number(summary?.depth ?? progress.depth), 'the longest of all shortest paths'],
  ];
  if (isGoing) {
    shown.push(['queue', 'queue', brief(progress.queue), 'states that were found and not yet looked at']);
    shown.push(['rate', 'a second', brief(progress.rate), `after ${duration(progress.seconds)}; ${size(progress.bytes)} in use`]);
  }
  const done = `${duration(progress.seconds)}, ${size(progress.bytes)}`;
  return html`
    <dl class="counters" aria-label="Counters">
      ${shown.map(([key, name, value, title]) => html`<div data-counter=${key} title=${title}><dd>${value}</dd><dt>${name}</dt></div>`)}
      ${isGoing || run.state === 'idle' ? nothing : html`<div data-counter="seconds" title=${done}><dd>${duration(progress.seconds)}</dd></div>`}
    </dl>
    ${isGoing
      ? html`<button class="plain icon" title="Stop the check" aria-label="Stop the check" data-command="stop" ?disabled=${run.state === 'stopping'} @click=${() => app.run('stop')}>${glyphs.stop()}</button>`
      : html`<button class="plain icon" title="Check again" aria-label="Check again" data-command="start" @click=${() => app.run('start')}>${glyphs.again()}</button>`}`;
}

/** @param {import('./app.js').App} app */
function search(app) {
  const { q } = app.route;
  const { steps, complete } = found(app);
  const index = steps.indexOf(app.at);
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.key === 'Enter' && steps.length) {
      const onward = event.shiftKey ? [...steps].reverse().find((step) => step < app.at) ?? steps[steps.length - 1] : steps.find((step) => step > app.at) ?? steps[0];
      app.goTo(onward, true);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (q) app.go({ q: '' }, false);
      /** @type {HTMLElement} */ (event.target).blur();
    }
  };
  return html`
    <search class="search">
      ${glyphs.search()}
      <input type="search" id="search" placeholder="Find steps" aria-label="Find steps" autocomplete="off" spellcheck="false"
        .value=${live(q)} @keydown=${onKey} @input=${(/** @type {InputEvent} */ event) => app.go({ q: /** @type {HTMLInputElement} */ (event.target).value }, false)}>
      ${q
        ? html`<span class="found" role="status" data-found-count=${steps.length}>${complete ? '' : '≥ '}${index >= 0 ? `${index + 1} of ` : ''}${steps.length}</span>`
        : html`<kbd aria-hidden="true">/</kbd>`}
    </search>`;
}

/** @param {import('./app.js').App} app */
function tools(app) {
  const { menu } = app.ui;
  /** @param {'export' | 'share'} which */
  const toggle = (which) => () => {
    app.ui.menu = menu === which ? null : which;
    app.draw();
  };
  const dark = isDark();
  return html`
    <div class="tools">
      <button class="plain" aria-haspopup="true" aria-expanded=${menu === 'export'} data-command="export" title="Save this path as a file, or open one" @click=${toggle('export')}>${glyphs.save()}<span>Export</span></button>
      <button class="plain icon" aria-expanded=${menu === 'share'} data-command="share" title="Share" aria-label="Share" @click=${toggle('share')}>${glyphs.share()}</button>
      <button class="plain icon" data-command="theme" title=${dark ? 'Light' : 'Dark'} aria-label=${dark ? 'Light theme' : 'Dark theme'}
        @click=${() => { toggleTheme(); app.draw(); }}>${dark ? glyphs.sun() : glyphs.moon()}</button>
      <button class="plain icon" data-command="help" title="Help (?)" aria-label="Help" @click=${() => { app.ui.help = true; app.draw(); }}>${glyphs.help()}</button>
      ${menu === 'export' ? exportMenu(app) : menu === 'share' ? shareMenu(app) : nothing}
    </div>`;
}

/** @param {import('./app.js').App} app */
function exportMenu(app) {
  const { header, shown } = app;
  const paths = shown?.paths ?? (header ? [header.id] : []);
  const property = shown?.property ?? null;
  const close = () => {
    app.ui.menu = null;
    app.draw();
  };
  /** @param {Event} event */
  const open = (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.files?.[0]) app.openFile(input.files[0]);
    input.value = '';
    close();
  };
  return html`
    <div class="menu" role="group" aria-label="Export" data-menu="export">
      ${!paths.length ? nothing : app.model?.formats.map((one) => html`
        <a href=${api.exportAddress(paths, one.name, property)} download data-format=${one.name} @click=${close}><span><b>${one.name}</b> <span class="dim">${one.about}</span></span></a>`)}
      <label class="pick"><span>Open a trace file …</span><input type="file" accept=".json,application/json" data-command="open" @change=${open}></label>
      <p class="dim hint">Or drop one anywhere on the page.</p>
    </div>`;
}

/** @param {import('./app.js').App} app */
function shareMenu(app) {
  const link = location.href;
  /** @param {string} text @param {string} what */
  const copy = (text, what) => async () => {
    try {
      await navigator.clipboard.writeText(text);
      app.notice('info', `${what} is copied`);
    } catch {
      app.notice('info', `The browser does not let the page copy; select the text instead`);
      return;
    }
    app.ui.menu = null;
    app.draw();
  };
  /** @param {Event} event */
  const select = (event) => /** @type {HTMLInputElement} */ (event.target).select();
  return html`
    <div class="menu share" role="group" aria-label="Share" data-menu="share">
      <label><span class="dim">Link to this step, for who has this explorer open</span>
        <span class="copy"><input readonly .value=${link} data-share="link" @focus=${select}><button @click=${copy(link, 'The link')}>Copy</button></span></label>
      <label><span class="dim">The command that opens this model</span>
        <span class="copy"><input readonly .value=${app.model?.command ?? ''} data-share="command" @focus=${select}><button @click=${copy(app.model?.command ?? '', 'The command')}>Copy</button></span></label>
    </div>`;
}
