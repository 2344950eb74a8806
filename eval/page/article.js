// An article with its quotes marked.

/** Where a marked article is cut, and the quotes that cover each piece. */
function pieces(length, start, quotes) {
  const inside = (offset) => Math.min(Math.max(offset || 0, 0), length);
  const cuts = new Set([0, inside(start), length]);
  for (const quote of quotes) cuts.add(inside(quote.start)).add(inside(quote.end));
  const ends = [...cuts].sort((one, other) => one - other);
  return ends.slice(1).map((end, index) => ({
    start: ends[index],
    end,
    quotes: quotes.filter((quote) => (quote.start || 0) <= ends[index] && quote.end >= end),
  }));
}

/** The pieces of an article as nodes; `marks` learns where each quote begins. */
function marked(article, quotes, marks) {
  const length = characters(article).length;
  return pieces(length, article.start, quotes).map((piece) => {
    const text = slice(article, piece.start, piece.end);
    const front = piece.end <= (article.start || 0);
    if (!piece.quotes.length) return front ? el('span', { class: 'front' }, text) : text;
    const exact = piece.quotes.some((quote) => quote.exact);
    const begins = piece.quotes.filter((quote) => (quote.start || 0) === piece.start);
    const node = el(exact ? 'mark' : 'span', {
      class: exact ? (piece.quotes.length > 1 ? 'several' : null) : 'place',
      tabindex: '-1',
      'data-quotes': piece.quotes.map((quote) => quote.number).join(' '),
      'data-begins': begins.map((quote) => `[${quote.number}${quote.exact ? '' : '?'}]`).join(''),
    }, text);
    for (const quote of begins) if (!marks.has(quote.number)) marks.set(quote.number, node);
    return node;
  });
}

/** An article whole, in a box that scrolls; `marks` learns where each quote begins. */
function articleBox(article, quotes, marks, level) {
  const text = el('div', {
    class: 'text', role: 'region', tabindex: '0', lang: article.language || 'und', dir: 'auto',
    'aria-label': `Text of ${article.id}`,
  });
  if (article.text) text.append(...marked(article, quotes, marks));
  else text.append('The run does not hold this article.');
  return el('section', { class: 'article' },
    el(`h${level}`, null, titleOf(article)), origin(article), text);
}

function origin(article) {
  const parts = [article.id, article.language, article.date, article.outlet, article.url];
  return el('p', { class: 'small' },
    between(parts.filter(Boolean).map((part) => el('bdi', null, part)), ' · '));
}

/** Scroll every box to its first quote, without moving the page. */
function toFirstQuotes(root) {
  for (const text of root.querySelectorAll('.article .text')) {
    const first = text.querySelector('mark, .place');
    if (first) text.scrollTop = first.offsetTop - 40;
  }
}

/** Go to a quote: its box and the page scroll, and it takes the focus. */
function toQuote(node, number) {
  for (const old of document.querySelectorAll('.current')) old.classList.remove('current');
  const text = node.closest('.text');
  text.scrollTop = node.offsetTop - 40;
  for (const one of text.querySelectorAll('[data-quotes]')) {
    one.classList.toggle('current', one.dataset.quotes.split(' ').includes(String(number)));
  }
  node.focus({ preventScroll: true });
  // The page moves only if it has to.
  const place = node.getBoundingClientRect();
  if (place.top < 40 || place.bottom > innerHeight - 40) node.scrollIntoView({ block: 'center' });
}
