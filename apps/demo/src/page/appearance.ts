import { pageElement } from './page-element.ts';

const root = document.documentElement;
const darkScheme = matchMedia('(prefers-color-scheme: dark)');

/** Light or dark, and which colour means rising: as the reader chose, else as their system says. */
export function followAppearance(onChange: () => void): void {
  set('theme', localStorage.getItem('theme') ?? systemTheme());
  set('palette', localStorage.getItem('palette') ?? localPalette());
  darkScheme.addEventListener('change', () => {
    if (localStorage.getItem('theme') !== null) return;
    set('theme', systemTheme());
    onChange();
  });
  onClick('theme', () => toggle('theme', 'light', 'dark'), onChange);
  onClick('palette', () => toggle('palette', 'west', 'seoul'), onChange);
}

/** The value of a colour of dashboard.css, in a form that a canvas understands. */
export function colour(name: string, opacity = 1): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  root.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return opacity === 1 ? value : value.replace('rgb(', 'rgba(').replace(')', `, ${opacity})`);
}

function onClick(id: string, act: () => void, then: () => void): void {
  pageElement(id).addEventListener('click', () => {
    act();
    then();
  });
}

function toggle(setting: 'theme' | 'palette', one: string, other: string): void {
  const value = root.getAttribute(`data-${setting}`) === one ? other : one;
  set(setting, value);
  localStorage.setItem(setting, value);
}

/** The style sheet looks at these attributes. */
function set(setting: 'theme' | 'palette', value: string): void {
  root.setAttribute(`data-${setting}`, value);
}

/** In Korea red rises and blue falls. */
function localPalette(): string {
  return navigator.language.startsWith('ko') ? 'seoul' : 'west';
}

function systemTheme(): string {
  return darkScheme.matches ? 'dark' : 'light';
}
