// Elements of the page. Whatever articles, models and cases say becomes a text node, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element; attributes that are null or false are left out, texts among the children kept. */
function el(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value);
    }
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** Words of a known language; an unknown one is said to be unknown, not English. */
function words(text, language, tag = 'span') {
  return el(tag, { lang: language || 'und', dir: 'auto' }, text);
}

/** Something that only listeners need, because the others see it. */
function hidden(text) {
  return el('span', { class: 'hidden' }, text);
}

/** A tick or a cross; the word that it stands for is beside it or goes to listeners. */
function sign(good, word) {
  return [
    el('span', { class: good ? 'sign good' : 'sign bad', 'aria-hidden': 'true' }, good ? '✓' : '✗'),
    word ? hidden(`${word} `) : null,
  ];
}

/** A bar for a share of 0 to 1. */
function bar(share) {
  const part = (name, width) => filled(document.createElementNS(SVG, 'rect'),
    { class: name, x: 0, y: 0, width, height: 8 }, []);
  return filled(document.createElementNS(SVG, 'svg'), {
    class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true',
    focusable: 'false',
  }, [part('track', 100), part('span', Math.min(100, Math.max(0, 100 * share)).toFixed(2))]);
}

/** Something wide, in a box of its own that scrolls, by keyboard as well. */
function wide(label, ...children) {
  return el('div', { class: 'wide', role: 'region', 'aria-label': label, tabindex: '0' },
    ...children);
}

/** What can be opened. `build` is called the first time that it is. */
function folded(summary, build) {
  const details = el('details', null, el('summary', null, summary));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(build());
  });
  return details;
}

/** Names and values, those without a value left out. */
function pairs(rows) {
  return el('dl', { class: 'pairs' }, rows
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => el('div', null, el('dt', null, name), el('dd', null, value))));
}

/** Parts with a text between them. */
function between(parts, separator) {
  return parts.flatMap((part, index) => (index ? [separator, part] : [part]));
}

function count(number, one, many = `${one}s`) {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

function time(seconds) {
  const shown = (value) => String(Number(value.toPrecision(3)));
  return seconds < 0.9995 ? `${shown(seconds * 1000)} ms` : `${shown(seconds)} s`;
}
