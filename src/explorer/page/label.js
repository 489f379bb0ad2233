/** Labels of steps, where there may be too little room for them: only the content gives way; who acts, on whom and what becomes of it stay. */
import { html } from './vendor/lit-html/lit-html.js';

/** @param {{ parts: [string, string, string] }} one a step, or an action */
export const label = ({ parts: [before, content, after] }) => html`<span class="cuts"><span>${before}</span><span class="content">${content}</span><span class="after">${after}</span></span>`;
