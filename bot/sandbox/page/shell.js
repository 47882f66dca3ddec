// The frame of the page: the theme, the columns, the line to the sandbox, and each part mounted in its place.

import { arrowKeys, h } from './dom.js';
import { mountPhones } from './phones.js';
import { mountPromises } from './promises.js';
import { store } from './state.js';
import { mountStory } from './story.js';
import { mountWorkspace } from './workspace/index.js';
import { mountWorld } from './world.js';

const THEME = 'muster.theme';
const COLUMNS = [['guide', 'Story'], ['workspace', 'Slack'], ['phones', 'Phones']];
const place = (id) => document.getElementById(id);

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null;
  }
}

function wireTheme() {
  const button = place('theme-control');
  const wantsDark = matchMedia('(prefers-color-scheme: dark)');
  const current = () => document.documentElement.dataset.theme ?? (wantsDark.matches ? 'dark' : 'light');
  const show = () => {
    const other = current() === 'dark' ? 'light' : 'dark';
    button.textContent = other === 'dark' ? '☾' : '☀';
    button.setAttribute('aria-label', `Use the ${other} theme`);
    button.title = `Use the ${other} theme`;
  };
  if (['dark', 'light'].includes(remembered())) document.documentElement.dataset.theme = remembered();
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = current() === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(THEME, document.documentElement.dataset.theme);
    } catch {
      // It then lasts as long as the page.
    }
    show();
  });
  wantsDark.addEventListener('change', show);
  show();
}

function wireColumns() {
  const tabs = place('column-tabs');
  const choose = (id) => {
    for (const [each] of COLUMNS) {
      place(each).classList.toggle('shown', each === id);
      const tab = place(`tab-${each}`);
      tab.setAttribute('aria-selected', String(each === id));
      tab.tabIndex = each === id ? 0 : -1;
    }
  };
  for (const [id, name] of COLUMNS) {
    const attributes = { type: 'button', role: 'tab', id: `tab-${id}`, 'data-keep': id, 'aria-controls': id, onclick: () => choose(id) };
    tabs.append(h('button.button', attributes, name));
  }
  arrowKeys(tabs);
  choose('workspace');
}

function showLine() {
  place('link-state').textContent = store.connected ? '' : 'The sandbox does not answer; reconnecting';
}

async function start() {
  wireTheme();
  wireColumns();
  const workspace = mountWorkspace(place('workspace'), store);
  mountPhones(place('phones'), store);
  mountWorld(place('world'), store);
  mountPromises(place('promises'), store);
  await store.refresh();
  store.follow();
  await mountStory(place('story'), place('tour-control'), store, workspace);
  store.subscribe(showLine);
}

start().catch((error) => {
  place('link-state').textContent = error.message;
});
