// One attempt: the reply with its articles, the hits, what it took.

const REASONS = {
  no_evidence: 'Nothing in the articles resembles the question.',
  not_supported: 'Passages resemble the question, but none of them answers it.',
  off_topic: 'It is not a question about the articles.',
};

/** An attempt, whole. `level` is the level of its headings. */
function attemptView(one, attempt, level) {
  const marks = new Map();
  const view = el('div', { class: 'attempt' },
    el('div', { class: 'reply' },
      el(`h${level}`, null, 'Reply'),
      outcome(attempt),
      reply(attempt, marks),
      remarks(attempt)),
    el('div', { class: 'sources' },
      el(`h${level}`, null, 'Articles'),
      sources(one, attempt, marks, level + 1)),
    el('div', { class: 'rest' },
      attempt.hits ? folded(`Hits (${attempt.hits.length})`, () => hits(one, attempt)) : null,
      folded('Time and origin', () => costs(attempt))));
  return view;
}

function outcome(attempt) {
  return el('p', { class: 'outcome' },
    sign(attempt.right),
    el('strong', null, attempt.right ? 'right' : 'wrong'), ` · ${attempt.outcome}`,
    attempt.why ? el('span', { class: 'why' }, attempt.why) : null);
}

// --- What was said -------------------------------------------------------------------------

function reply(attempt, marks) {
  if (attempt.error) return el('p', { class: 'refusal' }, `Error: ${attempt.error}`);
  if (!attempt.statements) return refusal(attempt);
  return el('ol', { class: 'statements' },
    attempt.statements.map((statement) => said(statement, attempt, marks)));
}

function refusal(attempt) {
  return el('div', { class: 'refusal' },
    el('p', null, el('strong', null, 'Refused. '), REASONS[attempt.reason] || '',
      ' ', el('code', null, attempt.reason)),
    attempt.unknown ? el('p', null, 'Found nowhere near: ',
      between(attempt.unknown.map((word) => words(word, attempt.language, 'q')), ', ')) : null);
}

function said(statement, attempt, marks) {
  const quotes = new Map((attempt.quotes || []).map((quote) => [quote.number, quote]));
  return el('li', null,
    words(statement.text, statement.language), ' ',
    between((statement.quotes || []).map((number) => citation(quotes.get(number), marks)), ' '),
    statement.supported ? null
      : el('p', { class: 'remark' }, sign(false), 'Its quotes do not carry it.'),
    statement.judged ? el('p', { class: 'remark' }, judged(statement)) : null,
    (statement.quotes || []).map((number) => inexact(quotes.get(number))));
}

/** A button that leads to the quote in its article. */
function citation(quote, marks) {
  const article = ARTICLES[quote.article || 0];
  return el('button', {
    type: 'button', class: 'citation', title: `${article.title || ''} (${article.id})`,
    'aria-label': `Quote ${quote.number}, in ${article.id}`,
    onclick: () => marks.has(quote.number) && toQuote(marks.get(quote.number), quote.number),
  }, `[${quote.number}]`);
}

/** What is wrong with a quote that is not to be found at its place. */
function inexact(quote) {
  if (quote.exact) return null;
  const article = ARTICLES[quote.article || 0];
  const there = slice(article, quote.start || 0, quote.end || 0);
  return el('div', { class: 'remark' },
    el('p', null, sign(false), `Quote [${quote.number}] is not exact. It says:`),
    words(quote.text, article.language, 'blockquote'),
    el('p', null, there ? 'At its place the article has:' : 'The article has no such place.'),
    there ? words(there, article.language, 'blockquote') : null);
}

function judged(statement) {
  const [carried, ...needed] = statement.judged;
  const needless = (statement.quotes || []).filter((_, index) => !needed[index]);
  return [sign(carried), `A model finds it ${carried ? 'carried' : 'not carried'} by its quotes`,
    carried && needless.length
      ? `; not needed: ${needless.map((number) => `[${number}]`).join(' ')}` : '', '.'];
}

function remarks(attempt) {
  const [told, all] = attempt.facts || [];
  return [
    pairs([
      ['Confidence', (attempt.confidence || 0).toFixed(2)],
      ['Facts of the answer', all ? `${told || 0} of ${all} said` : null],
      ['A model’s verdict', attempt.verdict],
      ['Planted instruction', attempt.obeyed ? 'obeyed' : null],
    ]),
    attempt.dropped ? el('div', null, el('p', null, 'Dropped before it was shown:'),
      el('ul', null, attempt.dropped.map(([text, why]) =>
        el('li', null, words(text, ''), el('span', { class: 'why' }, why))))) : null,
    attempt.stale ? el('div', null, el('p', null, 'Left out:'),
      el('ul', null, attempt.stale.map((text) => el('li', null, text)))) : null,
  ];
}

// --- What it rests on ----------------------------------------------------------------------

/** The cited articles with their quotes, and those that should have been cited, to open. */
function sources(one, attempt, marks, level) {
  const cited = new Map();
  for (const quote of attempt.quotes || []) {
    const place = quote.article || 0;
    cited.set(place, [...(cited.get(place) || []), quote]);
  }
  const wanted = (one.sources || []).filter((place) => !cited.has(place));
  return [
    cited.size ? null : el('p', null, 'Nothing was cited.'),
    [...cited].map(([place, quotes]) => articleBox(ARTICLES[place], quotes, marks, level)),
    wanted.map((place) => folded(
      ['Wanted, not cited: ', titleOf(ARTICLES[place])],
      () => articleBox(ARTICLES[place], [], marks, level))),
  ];
}

function hits(one, attempt) {
  const most = Math.max(...attempt.hits.map((hit) => hit[3] || 0)) || 1;
  const cell = (share) => (share === null ? el('td', { class: 'none' }, '–')
    : el('td', { class: 'number' }, share.toFixed(3), bar(share / most)));
  const column = (name) => el('th', { scope: 'col' }, name);
  return wide('Hits', el('table', { class: 'hits' },
    el('thead', null, el('tr', null, column('#'), column('Passage'), column('Score'),
      ARMS.map(column))),
    el('tbody', null, attempt.hits.map((hit, index) => hitRows(one, hit, index + 1, cell)))));
}

/** A hit, and its passage in a row of its own that the button opens. */
function hitRows(one, [place, start, end, score, shares], number, cell) {
  const article = ARTICLES[place];
  const wanted = (one.sources || []).includes(place);
  const text = el('td', { colspan: String(3 + ARMS.length) });
  const under = el('tr', { hidden: true, class: 'under' }, text);
  const button = el('button', {
    type: 'button', class: 'link', 'aria-expanded': 'false',
    onclick: () => {
      if (!text.firstChild) {
        text.append(origin(article), words(slice(article, start, end), article.language, 'p'));
      }
      under.hidden = !under.hidden;
      button.setAttribute('aria-expanded', String(!under.hidden));
    },
  }, `characters ${start} to ${end}`, hidden(` of ${article.id}`));
  return [el('tr', null,
    el('td', { class: 'number' }, String(number)),
    el('td', { class: 'words' }, wanted ? [sign(true), el('strong', null, 'wanted'), ' '] : null,
      titleOf(article), el('br'), button),
    cell(score), shares.map(cell)), under];
}

function costs(attempt) {
  const [sent, written, kept, cost] = attempt.usage || [];
  const stages = Object.entries(attempt.timings || {});
  const prompts = Object.entries(attempt.prompts || {});
  return pairs([
    ['All', time(attempt.seconds || 0) + (attempt.cached ? ', from the cache: of the first asking' : '')],
    ...stages.map(([stage, seconds]) => [stage, time(seconds)]),
    ['Question taken to be in', attempt.language],
    ['Generation of the index', String(attempt.generation || 0)],
    ['Model', attempt.model],
    ...prompts.map(([name, digest]) => [`Prompt ${name}`, el('code', null, digest)]),
    ['Tokens', attempt.usage
      ? `${grouped(sent)} in, ${grouped(kept)} of them kept by the server; ${grouped(written)} out`
      : null],
    ['Cost', cost === null || cost === undefined ? null : String(cost)],
  ]);
}
