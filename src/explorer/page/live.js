/**
 * The check in the background, as it goes on: counters, discoveries, verdicts. Knows whether the server is there.
 *
 * The browser's event source connects again by itself while the server is only away; where it gives up (another server answers), this does. It says
 * nothing of why it gave up, so that is asked for.
 */
import * as api from './api.js';

/**
 * `disconnected`: nobody answers; `refused`: somebody does who does not know us, so the server was started anew.
 * @typedef {'connecting' | 'connected' | 'disconnected' | 'refused'} Connection
 */

/** Before connecting anew, in milliseconds. */
const PAUSE = 1500;

export class Live {
  /** @param {(what: 'run' | 'progress' | 'discovery' | 'done' | 'connection') => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Connection} */
    this.connection = 'connecting';
    /** @type {import('./types.js').Run | null} */
    this.run = null;
    /** @type {EventSource | null} */
    this.source = null;
  }

  connect() {
    this.source?.close();
    const source = new EventSource(api.EVENTS);
    this.source = source;
    source.addEventListener('open', () => this.now('connected'));
    source.addEventListener('error', async () => {
      if (source.readyState !== EventSource.CLOSED) {
        this.now('disconnected');
        return;
      }
      const isRefused = await api.isRefused();
      if (this.source !== source) return;
      this.now(isRefused ? 'refused' : 'disconnected');
      setTimeout(() => this.source === source && this.connect(), PAUSE);
    });
    /** @param {string} name @param {(data: any) => void} take */
    const on = (name, take) => source.addEventListener(name, (event) => {
      this.now('connected');
      take(JSON.parse(/** @type {MessageEvent} */ (event).data));
    });
    on('run', (run) => this.take('run', run));
    on('done', (run) => this.take('done', run));
    on('progress', (progress) => {
      if (!this.run) return;
      this.run = { ...this.run, progress };
      this.changed('progress');
    });
    on('discovery', (discovery) => {
      if (!this.run) return;
      const others = this.run.discoveries.filter((one) => one.property !== discovery.property);
      const discoveries = [...others, discovery].sort((a, b) => a.property - b.property);
      const isBad = discovery.verdict === 'violated';
      const properties = this.run.properties.map((one) => (one.property === discovery.property ? { ...one, verdict: discovery.verdict } : one));
      this.run = { ...this.run, discoveries, properties, verdict: isBad ? 'violated' : this.run.verdict };
      this.changed('discovery');
    });
  }

  /** @param {'run' | 'done'} what @param {import('./types.js').Run} run */
  take(what, run) {
    this.run = run;
    this.changed(what);
  }

  /** @param {Connection} connection */
  now(connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    this.changed('connection');
  }
}
