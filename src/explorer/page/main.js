/**
 * The explorer's page: puts the views together, draws them, and keeps focus and scrolling where they belong.
 *
 * What tests can hold on to, besides roles and names:
 *
 * | hook | where, and what it says |
 * | --- | --- |
 * | `#app[data-ready]` | there once the model, a path and its state are on the page; `data-path`, `data-at`, `data-tab-shown`, `data-panel` |
 * | `[data-model]`, `[data-parameter=NAME]` | top bar |
 * | `.top [data-verdict][data-run][data-connection]` | verdict of the whole run, `none` while unknown; state of the run; `connected`, `disconnected`, `refused` |
 * | `[data-counter=unique\|depth\|queue\|rate\|seconds]` | counters |
 * | `[data-headline][data-headline-step][data-verdict]` | the headline: property, position, verdict |
 * | `[data-reason]` | in the headline: what happened, and why that violates the property |
 * | `[data-property=NAME][data-verdict][data-now]` | a property: over the run, and at this state (`holds`, `violated`, `met`, `pending`, `idle`, `open`) |
 * | `[data-jump=NUMBER]`, `[data-until=NUMBER]` | its buttons: to counterexample or witness; to where it changes |
 * | `[data-action=CODE][data-kind][data-action-number][data-mark=new\|seen\|no-op][data-breaks][data-taken]` | an enabled action; `[data-action-group=ACTOR]` around |
 * | `[data-tab=spacetime\|steps\|tree\|compare]` | tabs |
 * | `[data-diagram] [data-step=N][data-lane][data-actor][data-relation][data-clock][data-fault][data-broken][data-found][data-current]` | an event of the diagram, a button; `data-relation` is `self`, `past`, `future`, `concurrent` while the cone is on |
 * | `[data-diagram] [data-edge=KIND][data-from][data-to][data-in-cone]`, `[data-down=LANE]`, `[data-loop=START]` | arrows (`hidden` is dashed), crashes, the bracket of a loop |
 * | `.lane-head[data-actor][data-lane]`, `[data-hide=LANE]`, `[data-hidden-lane=LANE]` | names of lanes, to hide one, to show one again |
 * | `.steps [data-step=N][data-broken]`, `.visited [data-node][data-step][data-column][data-on-path]` | rows of the other tabs |
 * | `#search`, `[data-found-count=N]` | the filter, and how many steps it finds |
 * | `[data-scrubber]`, `[data-position=N]` | the range, and where it stands |
 * | `[data-diff=changes\|others\|rest] [data-change][data-path]` with `[data-before]`, `[data-after]` | rows of the diff of this step |
 * | `[data-actor-select]`, `[data-inbox=N]`, `[data-timers=N]`, `[data-whole=PART]` | the right side |
 * | `[data-compare-a]`, `[data-compare-b]`, `[data-divergence=KIND][data-divergence-step]` | the comparison |
 * | `[data-command=NAME]` | buttons: start, stop, export, share, theme, help, violation, first, back, forward, last, until, cone, hide, full, open, other-run, compare |
 * | `[data-menu=export] [data-format=NAME]`, `[data-share=link\|command]` | menus |
 * | `[data-notice=error\|warn\|info]` | notices, "the model changed at step k" among them |
 */
import { html, nothing, render } from './vendor/lit-html/lit-html.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import { actionsPanel } from './actions.js';
import { App } from './app.js';
import { compare } from './compare.js';
import { acceptDrops } from './drop.js';
import * as glyphs from './glyphs.js';
import { headline } from './headline.js';
import { help, showHelp } from './help.js';
import { listen } from './keyboard.js';
import { recall, remember } from './memory.js';
import { propertiesPanel } from './properties.js';
import { scrubber } from './scrubber.js';
import { spacetime } from './spacetime.js';
import { statePanel } from './state.js';
import { steps } from './steps.js';
import { applyTheme, onThemeChange, theme } from './theme.js';
import { topbar } from './topbar.js';
import { tree } from './tree.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
// What stands there until now says that the page loads.
root.replaceChildren();

/** @type {Record<import('./route.js').Tab, [string, (app: App) => unknown]>} */
const VIEWS = {
  spacetime: ['Space-time', spacetime],
  steps: ['Steps', steps],
  tree: ['Visited tree', tree],
  compare: ['Compare', compare],
};

/** @type {Record<import('./app.js').Panel, string>} */
const PANELS = { trace: 'Trace', properties: 'Properties', actions: 'Actions', state: 'State' };

let isAsked = false;

/** Draws the page with the next frame, however often it is asked. */
function draw() {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    drawNow();
  });
}

const app = new App(draw);

function drawNow() {
  const focus = document.activeElement;
  const isOnStep = focus instanceof Element && focus.matches('[data-step][tabindex]');
  const region = focus instanceof Element ? focus.closest('[data-region]') : null;
  app.frame = {};
  root.dataset.panel = app.ui.panel;
  root.classList.toggle('dropping', app.ui.dropping);
  render(page(), root);
  app.rows.drawn(root);
  showHelp(app);
  if (isOnStep) followFocus(/** @type {Element} */ (focus));
  else if (region?.isConnected && document.activeElement === document.body) {
    // The button is gone with what it did; the next best one is where it was.
    /** @type {HTMLElement | null} */ (region.querySelector('button'))?.focus();
  }
  const isReady = Boolean(app.header && (app.state.value || app.state.error));
  root.toggleAttribute('data-ready', isReady);
  root.dataset.path = app.header?.id ?? '';
  root.dataset.at = String(app.at);
  root.dataset.tabShown = app.route.tab;
  document.title = title();
  remember(app);
}

/** The focus goes with the step, where it was on one. @param {Element} focus */
function followFocus(focus) {
  const current = /** @type {HTMLElement | null} */ (root.querySelector('.tabpanel [data-current="true"][tabindex="0"]'));
  if (current && (focus !== current || document.activeElement === document.body)) current.focus({ preventScroll: true });
}

function title() {
  const name = app.model?.name;
  if (!name) return 'Allways';
  const { header } = app;
  return `${header ? `${app.at}/${header.n_steps} · ` : ''}${name} · Allways`;
}

function page() {
  if (app.failure) {
    const { failure } = app;
    return html`<main class="boot" role="alert"><h1>${failure.title}</h1><p>${failure.message}</p><p>${failure.cure ?? nothing}</p></main>`;
  }
  if (!app.model) return html`<p class="boot" role="status">Loading the model …</p>`;
  return html`
    ${topbar(app)}
    <div class="notices" role="log" aria-label="Notices">${notices()}</div>
    <nav class="panels" aria-label="Parts of the page">
      ${Object.entries(PANELS).map(([panel, name]) => html`<button aria-pressed=${app.ui.panel === panel} data-panel-button=${panel} @click=${() => { app.ui.panel = /** @type {any} */ (panel); app.draw(); }}>${name}</button>`)}
    </nav>
    <main class="columns">
      <div class="side left">${propertiesPanel(app)}${actionsPanel(app)}</div>
      <div class="centre">${headline(app)}${bar()}<div class="tabpanel" role="tabpanel" id="view" aria-labelledby=${`tab-${app.route.tab}`}>${view()}</div>${scrubber(app)}</div>
      <aside class="side right" aria-label="State">${statePanel(app)}</aside>
    </main>
    <p class="only-read" role="status" aria-live="polite" data-said>${app.said}</p>
    ${help(app)}`;
}

/** Keyed, so that no view inherits the scrolling of another. */
function view() {
  const { tab } = app.route;
  return repeat([tab], (/** @type {string} */ one) => one, () => VIEWS[tab][1](app));
}

function bar() {
  const { route, model } = app;
  const hidden = route.hide.filter((lane) => model?.lanes[lane]);
  return html`
    <div class="bar">
      <div class="tabs" role="tablist" aria-label="Views">
        ${Object.entries(VIEWS).map(([tab, [name]]) => html`
          <button role="tab" id=${`tab-${tab}`} data-tab=${tab} aria-selected=${route.tab === tab} aria-controls="view" tabindex=${route.tab === tab ? 0 : -1} @click=${() => app.go({ tab: /** @type {any} */ (tab) })}>${name}</button>`)}
      </div>
      <div class="view-tools">
        ${hidden.map((lane) => html`<button class="plain" data-hidden-lane=${lane} title="Show it again" @click=${() => app.toggleHide(lane)}>${glyphs.eye()}<span class="mono">${model?.lanes[lane]?.name}</span></button>`)}
        ${route.tab === 'spacetime' ? html`<button class="plain" aria-pressed=${route.cone} data-command="cone" title="What this step depends on, and what depends on it (c)" @click=${() => app.go({ cone: !route.cone })}>${glyphs.cone()}<span>Cone</span> <kbd aria-hidden="true">c</kbd></button>` : nothing}
      </div>
    </div>`;
}

function notices() {
  const { notices: kept, live, header } = app;
  /** @type {{ kind: string, text: string, detail?: string, close?: () => void }[]} */
  const all = kept.map((one) => ({ ...one, close: () => app.dismiss(one.id) }));
  if (live.connection === 'disconnected') all.unshift({ kind: 'error', text: 'Disconnected', detail: 'The server does not answer; the page connects again when it does.' });
  if (live.connection === 'refused') all.unshift({ kind: 'error', text: 'Another server answers', detail: 'It was started anew and has a token of its own. Open the address that it printed in this browser: then this page goes on.' });
  if (header?.differs) {
    const { enabled, message } = header.differs;
    all.unshift({ kind: 'warn', text: message, detail: `What comes before is shown.${enabled.length ? ` Enabled there today: ${enabled.slice(0, 3).join('; ')}${enabled.length > 3 ? ' …' : ''}` : ''}` });
  }
  return all.map((one) => html`
    <div class="notice ${one.kind}" data-notice=${one.kind}><b>${one.text}</b>${one.detail ? html`<span class="detail">${one.detail}</span>` : nothing}
      ${one.close ? html`<button class="plain icon" aria-label="Dismiss" @click=${one.close}>${glyphs.close()}</button>` : nothing}</div>`);
}

applyTheme(theme());
onThemeChange(draw);
listen(app);
acceptDrops(app);
recall(app);
app.start();
draw();
