/** Which steps of the path that is looked at have the words of the filter. A long path is fetched whole for it. */

/**
 * @param {import('./app.js').App} app
 * @returns {{ steps: number[], complete: boolean }} their numbers; whether the whole path was looked through
 */
export function found(app) {
  // Once for every drawing is enough.
  app.frame.found ??= look(app);
  return app.frame.found;
}

/** @param {import('./app.js').App} app @returns {{ steps: number[], complete: boolean }} */
function look(app) {
  const words = app.route.q.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return { steps: [], complete: true };
  const complete = app.paths.all(app.asked);
  const { steps } = app.path;
  /** @type {number[]} */
  const numbers = [];
  for (const step of steps) {
    if (!step) continue;
    const text = step.label.toLowerCase();
    if (words.every((word) => text.includes(word))) numbers.push(step.number);
  }
  return { steps: numbers, complete };
}
