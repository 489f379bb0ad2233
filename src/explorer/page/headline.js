/** The headline: what the path that is looked at shows, and why, in one look; else what the check found. */
import { html, nothing } from './vendor/lit-html/lit-html.js';
import { claim, counted, number, verdictGlyph } from './words.js';

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

/** @param {import('./app.js').App} app @param {import('./types.js').Path} header @param {import('./paths.js').Shown} shown */
function finding(app, header, shown) {
  const property = app.model?.properties[shown.property];
  const isBad = shown.verdict === 'violated';
  const where = shown.paths
    ? `run ${(shown.run ?? 0) + 1} of 2, ${counted(header.n_steps, 'step')}`
    : header.loop && property?.liveness
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
      ${shown.paths && app.at === shown.step ? others(app, shown.property, shown.paths, shown.run ?? 0) : html`<button data-command="violation" title="v" ?disabled=${app.at === shown.step} @click=${() => app.goTo(shown.step, true)}>To step ${shown.step}</button>`}
    </section>`;
}

/** From one of two runs to the other, and to both beside each other. @param {import('./app.js').App} app @param {number} property @param {string[]} paths @param {number} run */
function others(app, property, paths, run) {
  const other = (run + 1) % paths.length;
  return html`
    <span class="others">
      <button data-command="other-run" @click=${() => app.openRun(property, paths[other])}>Run ${other + 1}</button>
      <button data-command="compare" @click=${() => app.compareRuns(property, paths)}>Compare</button>
    </span>`;
}

/**
 * One line: the step that shows it, and why that violates the property, as its trace says.
 * @param {import('./app.js').App} app @param {import('./types.js').Path} header @param {import('./paths.js').Shown} shown
 */
function why(app, header, shown) {
  const isWhole = shown.paths || (header.loop && app.isLiveness(shown));
  const step = isWhole || shown.step === 0 ? undefined : app.paths.get(app.asked, shown.step).steps[shown.step];
  const said = shown.why ?? (step ? null : shown.reason);
  return html`
    <p class="reason" data-reason>${said === shown.reason ? nothing : html`<span class="only-read">${shown.reason}: </span>`}${step ? html`<span title=${step.label}>${step.short}</span>` : nothing}${said ? html`<span class="why">${said}</span>` : nothing}</p>`;
}

/** What the verdicts come to where nothing is violated, the weakest first. @type {[import('./types.js').Verdict, string, string][]} */
const COME_TO = [
  ['inconclusive', 'is inconclusive', 'are inconclusive'],
  ['vacuous', 'is vacuous', 'are vacuous'],
  ['holds_within_bounds', 'holds within bounds', 'hold within bounds'],
  ['holds', 'holds', 'hold'],
];

/** @param {import('./types.js').RunProperty[]} properties */
function inAll(properties) {
  const all = properties.length;
  const counts = COME_TO.map(([verdict, one, many]) => {
    const n = properties.filter((property) => property.verdict === verdict).length;
    return { n, says: n === 1 ? one : many };
  }).filter(({ n }) => n > 0);
  if (counts.length === 1 && counts[0].n === all) return all === 1 ? `The property ${counts[0].says}` : `All ${number(all)} properties ${counts[0].says}`;
  return `Of ${counted(all, 'property', 'properties')} ${counts.map(({ n, says }) => `${number(n)} ${says}`).join(', ')}`;
}

/** @param {import('./app.js').App} app */
function nothingShown(app) {
  const { run } = app.live;
  const properties = app.model?.properties ?? [];
  const discoveries = run?.discoveries ?? [];
  const bad = discoveries.filter((one) => one.verdict === 'violated');
  const verdict = run?.verdict ?? null;
  // Of two runs that end differently none shows it alone.
  const pair = bad.find((one) => one.paths.includes(app.header?.id ?? ''));
  const witnesses = discoveries.filter((one) => one.verdict === 'holds' && one.paths.length);
  const isDone = run?.state === 'done';
  let title = 'The check goes on';
  if (run?.state === 'failed') title = 'The check failed';
  else if (run?.state === 'idle' || !run) title = 'Not checked yet';
  else if (bad.length) title = `${counted(bad.length, 'property is', 'properties are')} violated`;
  else if (isDone) title = inAll(run.properties);
  const states = run?.summary ? `${number(run.summary.unique)} states, the longest shortest path has ${counted(run.summary.depth, 'step')}` : '';
  return html`
    <section class="headline" data-verdict=${bad.length ? 'none' : isDone ? verdict : 'none'} data-headline="" aria-label="Finding">
      <span class="big" aria-hidden="true">${verdictGlyph(verdict)}</span>
      <div class="text" role="status">
        <h2>${title}${bad.some((one) => one.paths.length) && !pair ? html` <span class="kind">· this path shows none of it</span>` : nothing}</h2>
        <p class="reason"><span class="lead">${run?.error ?? (bad.length ? bad.map((one) => (one.paths.length ? claim(properties[one.property]) + (one === pair && one.why ? `: ${one.why}` : '') : one.reason)).join(', ') : states)}${isDone && run.summary?.cuts.length ? ` · cut by ${run.summary.cuts.join(', ')}` : ''}${run?.summary?.stopped ? ` · stopped: ${run.summary.stopped}` : ''}</span></p>
      </div>
      ${bad.some((one) => one.paths.length) ? html`<button data-command="violation" title="v" @click=${() => app.violation()}>Show</button>` : nothing}
      ${!bad.length && witnesses[0] && app.header?.n_steps === 0 ? html`<button @click=${() => app.discovery(witnesses[0])}>See a witness</button>` : nothing}
    </section>`;
}
