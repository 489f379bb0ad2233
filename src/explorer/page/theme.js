/**
 * Light and dark: what the system prefers, unless the reader chose.
 *
 * The choice is one attribute of the root element, `data-theme`; all colours follow from it in `style.css`.
 */

/** @typedef {'system' | 'light' | 'dark'} Theme */

const KEY = 'allways-theme';

const systemDark = matchMedia('(prefers-color-scheme: dark)');

/** @type {Theme[]} */
const ORDER = ['system', 'light', 'dark'];

/** What was chosen in this browser. @returns {Theme} */
export function theme() {
  try {
    const kept = localStorage.getItem(KEY);
    return ORDER.find((one) => one === kept) ?? 'system';
  } catch {
    // A browser that keeps nothing for us.
    return 'system';
  }
}

/** Whether the page is dark now. @returns {boolean} */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen === 'dark';
  return systemDark.matches;
}

/** Makes the page follow a choice, and keeps it. @param {Theme} chosen */
export function applyTheme(chosen) {
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  try {
    if (chosen === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // It lasts as long as the page, then.
  }
}

/** From dark to light and back: the other one than what is seen. */
export function toggleTheme() {
  applyTheme(isDark() ? 'light' : 'dark');
}

/** Calls back when the system's preference changes. @param {() => void} changed */
export function onThemeChange(changed) {
  systemDark.addEventListener('change', changed);
}
