/** Small pictures, drawn with the colour of the text beside them. All are decoration: what they stand beside says the same in words. */
import { svg, html } from './vendor/lit-html/lit-html.js';

/** @param {unknown} inside */
const glyph = (inside) => html`<svg class="glyph" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">${inside}</svg>`;

export const search = () => glyph(svg`<circle cx="7" cy="7" r="4.2"/><path d="M10.2 10.2L14 14"/>`);
export const share = () => glyph(svg`<path d="M6.5 9.5l3-3M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.7 7.2"/>`);
export const save = () => glyph(svg`<path d="M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.5h10"/>`);
export const help = () => glyph(svg`<circle cx="8" cy="8" r="6.2"/><path d="M6.2 6.3a1.9 1.9 0 1 1 2.7 1.9c-.6.3-.9.6-.9 1.3"/><circle class="solid" cx="8" cy="11.6" r=".8"/>`);
export const moon = () => glyph(svg`<path d="M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z"/>`);
export const sun = () => glyph(svg`<circle cx="8" cy="8" r="3"/><path d="M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1"/>`);
export const first = () => glyph(svg`<path d="M4 3.5v9M12 4L7 8l5 4z"/>`);
export const back = () => glyph(svg`<path d="M10.5 4l-5 4 5 4z"/>`);
export const forward = () => glyph(svg`<path d="M5.5 4l5 4-5 4z"/>`);
export const last = () => glyph(svg`<path d="M12 3.5v9M4 4l5 4-5 4z"/>`);
export const stop = () => glyph(svg`<rect x="4" y="4" width="8" height="8" rx="1"/>`);
export const again = () => glyph(svg`<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3"/>`);
export const cone = () => glyph(svg`<path d="M3 2.5L8 8l5-5.5M3 13.5L8 8l5 5.5"/><circle class="solid" cx="8" cy="8" r="1.7"/>`);
export const eye = () => glyph(svg`<path d="M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="1.9"/>`);
export const hidden = () => glyph(svg`<path d="M2 2.5l12 11M6.2 4.1A7 7 0 0 1 8 3.8c4 0 6.5 4.2 6.5 4.2a11 11 0 0 1-1.7 2.1M4 5.2A10.5 10.5 0 0 0 1.5 8S4 12.2 8 12.2a7 7 0 0 0 2.7-.6"/>`);
export const close = () => glyph(svg`<path d="M4 4l8 8M12 4l-8 8"/>`);
export const start = () => glyph(svg`<circle cx="8" cy="8" r="5"/><circle class="solid" cx="8" cy="8" r="1.8"/>`);
