/** The keys. They do what buttons do; a key that somebody types into a field is left alone. */
import { TABS } from './route.js';

/** Moves that go through the path, also with the focus on a list of it. @type {Record<string, (app: import('./app.js').App) => void>} */
const KEYS = {
  j: (app) => app.forward(),
  ArrowDown: (app) => app.forward(),
  k: (app) => app.backward(),
  ArrowUp: (app) => app.backward(),
  Home: (app) => app.goTo(0, true),
  End: (app) => app.goTo(Infinity, true),
  v: (app) => app.violation(),
  V: (app) => app.otherCounterexample(),
  u: (app) => app.until(null, 'forward'),
  U: (app) => app.until(null, 'backward'),
  c: (app) => app.go({ cone: !app.route.cone }),
  h: (app) => app.toggleHide(app.actor),
  d: (app) => app.go({ full: !app.route.full }),
  t: (app) => app.go({ tab: TABS[(TABS.indexOf(app.route.tab) + 1) % TABS.length] }),
  n: (app) => {
    app.ui.picking = true;
    app.ui.panel = 'actions';
    app.draw();
  },
  '/': () => document.getElementById('search')?.focus(),
  '?': (app) => {
    app.ui.help = true;
    app.draw();
  },
  Escape: (app) => clear(app),
};

/** Closes what is open; else clears cone and filter. @param {import('./app.js').App} app */
function clear(app) {
  const { ui, route } = app;
  if (ui.picking || ui.menu) {
    ui.picking = false;
    ui.menu = null;
    app.draw();
  } else if (app.notices.length) {
    app.notices = [];
    app.draw();
  } else if (route.cone || route.q) {
    app.go({ cone: false, q: '' });
  } else if (route.actor !== null) {
    app.go({ actor: null });
  }
}

/** Whether a key is typed into something. @param {EventTarget | null} target @param {string} key */
function isTyped(target, key) {
  if (!(target instanceof HTMLElement || target instanceof SVGElement)) return false;
  if (target instanceof HTMLInputElement) {
    // The arrows of the scrubber are the browser's own.
    if (target.type === 'range') return key.startsWith('Arrow') || key === 'Home' || key === 'End';
    return true;
  }
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  return false;
}

/** @param {import('./app.js').App} app */
export function listen(app) {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || app.ui.help) return;
    const { key, target } = event;
    if (isTyped(target, key)) return;
    if (app.ui.picking && /^[1-9]$/.test(key)) {
      event.preventDefault();
      app.actNumber(Number(key));
      return;
    }
    // A step of a list or of the diagram is a button; so is a row.
    if ((key === 'Enter' || key === ' ') && target instanceof Element && target.matches('[data-step][tabindex]')) {
      event.preventDefault();
      target.dispatchEvent(new MouseEvent('click', { bubbles: true }));
      return;
    }
    if (isTabs(app, event)) return;
    const act = KEYS[key];
    if (!act) return;
    event.preventDefault();
    if (app.ui.picking && key !== 'n' && key !== 'Escape') app.ui.picking = false;
    act(app);
  });
  addEventListener('click', (event) => {
    // A click beside a menu closes it.
    if (app.ui.menu && event.target instanceof Element && !event.target.closest('.tools')) {
      app.ui.menu = null;
      app.draw();
    }
  });
}

/** Left and right go through the tabs, where the focus is on one. @param {import('./app.js').App} app @param {KeyboardEvent} event */
function isTabs(app, { key, target }) {
  if (!(target instanceof Element) || target.getAttribute('role') !== 'tab') return false;
  const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
  if (!by) return false;
  const tab = TABS[(TABS.indexOf(app.route.tab) + by + TABS.length) % TABS.length];
  app.go({ tab });
  requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector(`[data-tab="${tab}"]`))?.focus());
  return true;
}
