/** The visited tree is kept as long as the tab is open, over a reload. The address keeps the rest. */

const KEY = 'allways-visited';

/** The version of the tree that was kept last, and when. */
let kept = -1;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Brings back what was visited before a reload; of another model nothing. @param {import('./app.js').App} app */
export function recall(app) {
  app.onModel = () => {
    try {
      const { model, paths } = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
      if (model === nameOf(app)) for (const path of paths) app.visited.add(String(path));
    } catch {
      // Nothing was kept, or nothing that can be read.
    }
  };
}

/** Keeps what was visited, a little later. @param {import('./app.js').App} app */
export function remember(app) {
  if (!app.model || kept === app.visited.version) return;
  kept = app.visited.version;
  clearTimeout(timer);
  timer = setTimeout(() => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ model: nameOf(app), paths: app.visited.kept() }));
    } catch {
      // A browser that keeps nothing for us.
    }
  }, 400);
}

/** Paths of other parameters are other paths. @param {import('./app.js').App} app */
function nameOf(app) {
  const parameters = (app.model?.parameters ?? []).map((one) => `${one.name}=${one.value}`);
  return [app.model?.name, app.model?.start, ...parameters].join(' ');
}
