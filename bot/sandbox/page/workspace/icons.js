// The few line icons of the workspace, drawn on a 20 by 20 grid.

const PATHS = {
  hash: ['M7.5 3.5 6 16.5M14 3.5l-1.5 13M3.5 7.5h13.5M3 12.5h13.5'],
  lock: ['M5 9h10v7.5H5z', 'M7 9V6.5a3 3 0 0 1 6 0V9'],
  down: ['m5.5 8 4.5 4.5L14.5 8'],
  close: ['m5 5 10 10M15 5 5 15'],
  smile: ['M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z', 'M7 11.5c.7 1.3 1.7 2 3 2s2.3-.7 3-2', 'M7.8 8v.2M12.2 8v.2'],
  reply: ['M4 5h12v8.5h-6L6.5 16v-2.5H4z'],
  more: ['M10 5v.2M10 10v.2M10 15v.2'],
  bolt: ['M11.5 2.5 5 11h4.5l-1 6.5L15 9h-4.5z'],
  clip: ['m14.5 9-5.3 5.3a2.7 2.7 0 0 1-3.9-3.9l6-6a1.9 1.9 0 0 1 2.7 2.7L8.3 12.8'],
  send: ['M3.5 4 17 10 3.5 16l2-6z', 'M5.5 10H10'],
  file: ['M5 2.5h6.5l3.5 3.5v11.5H5z', 'M11.5 2.5V6H15', 'M7.5 10h5M7.5 13h5'],
  pin: ['M12 2.5 17.5 8l-3 .7-2.8 2.8-.5 3.5-6-6 3.5-.5L11.5 5.5z', 'M7.5 12.5 3 17'],
  people: [
    'M8 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
    'M2.5 16c.5-3 2.5-4.5 5.5-4.5s5 1.5 5.5 4.5',
    'M13 4a3 3 0 0 1 0 5.5M15 11.8c1.5.7 2.3 2.1 2.5 4.2',
  ],
  bookmark: ['M5.5 3h9v14L10 13.5 5.5 17z'],
  menu: ['M3 5.5h14M3 10h14M3 14.5h14'],
  eye: [
    'M2.5 10s2.7-4.5 7.5-4.5 7.5 4.5 7.5 4.5-2.7 4.5-7.5 4.5S2.5 10 2.5 10Z',
    'M10 8.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z',
  ],
  check: ['m4 10.5 4 4 8-9'],
};

/** An icon that says nothing to a screen reader; whatever carries it has a name of its own. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `ws-icon ws-icon-${name}`);
  for (const line of PATHS[name]) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', line);
    svg.append(path);
  }
  return svg;
}
