/** A trace file dropped anywhere on the page is opened. */

/** @param {import('./app.js').App} app */
export function acceptDrops(app) {
  let depth = 0;
  /** @param {DragEvent} event */
  const hasFile = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  /** @param {boolean} dropping */
  const show = (dropping) => {
    app.ui.dropping = dropping;
    app.draw();
  };
  addEventListener('dragenter', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    depth += 1;
    show(true);
  });
  addEventListener('dragover', (event) => {
    if (hasFile(event)) event.preventDefault();
  });
  addEventListener('dragleave', (event) => {
    if (!hasFile(event)) return;
    depth = Math.max(0, depth - 1);
    if (!depth) show(false);
  });
  addEventListener('drop', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    const file = event.dataTransfer?.files[0];
    if (file) app.openFile(file);
  });
}
