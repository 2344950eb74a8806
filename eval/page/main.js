// The list of cases, and what is open.

const PAGE = 50;
const list = document.getElementById('list');
const status = document.getElementById('status');
const pager = document.getElementById('pager');

let state = parsed('');
let listed = CASES;

const form = new Form(document.getElementById('filter'), (name, value) => {
  // Another filter begins at its first page, with nothing open.
  if (name === null) state = parsed('');
  else state = { ...state, [name]: value, case: '', round: '', page: '' };
  remember();
  draw();
  // The button that shows all is of no use any more, and loses the focus.
  if (name === null) form.search.focus();
});

/** Put the state into the address; a page of its own in the history only for `step`. */
function remember(step = false) {
  const hash = written(state);
  const address = hash ? `#${hash}` : location.pathname + location.search;
  try {
    history[step ? 'pushState' : 'replaceState'](null, '', address);
  } catch {
    location.hash = hash;
  }
}

function draw() {
  const found = filtered(state);
  listed = found.listed;
  form.show(state, found.counts);
  const opened = listed.findIndex((one) => one.id === state.case);
  if (opened < 0) state.case = '';
  const pages = Math.max(1, Math.ceil(listed.length / PAGE));
  const wished = opened < 0 ? Number(state.page) || 1 : Math.floor(opened / PAGE) + 1;
  const page = Math.min(Math.max(1, wished), pages);
  const shown = listed.slice((page - 1) * PAGE, page * PAGE);
  list.start = (page - 1) * PAGE + 1;
  list.replaceChildren(...shown.map(row));
  told();
  drawPager(page, pages);
}

function told() {
  const right = listed.filter((one) => one.right).length;
  status.textContent = listed.length
    ? `${grouped(listed.length)} of ${count(CASES.length, 'case')}: ${grouped(right)} right, `
      + `${grouped(listed.length - right)} wrong`
    : CASES.length ? 'No case is like this.' : 'The run has no case yet.';
}

function drawPager(page, pages) {
  const turn = (to) => () => {
    state = { ...state, page: to === 1 ? '' : String(to), case: '', round: '' };
    remember(true);
    draw();
    document.getElementById('cases').scrollIntoView();
    pager.querySelector('span').focus();
  };
  const button = (text, to) => el('button',
    { type: 'button', disabled: to < 1 || to > pages, onclick: turn(to) }, text);
  pager.hidden = pages < 2;
  pager.replaceChildren(button('Before', page - 1),
    el('span', { tabindex: '-1' }, `Page ${grouped(page)} of ${grouped(pages)}`),
    button('Next', page + 1));
}

// --- Rows ----------------------------------------------------------------------------------

function row(one) {
  const open = one.id === state.case;
  const place = PLACES.get(one.id);
  const button = el('button', {
    type: 'button', class: 'open', id: `case-${place}`, 'aria-expanded': String(open),
    'aria-controls': `body-${place}`, onclick: () => toggle(one),
  },
  el('span', { class: 'state' }, sign(one.right, one.right ? 'right' : 'wrong')),
  el('span', { class: 'head' }, words(one.question, one.language), summary(one)));
  const body = el('div', { class: 'body', id: `body-${place}`, hidden: !open });
  const item = el('li', { class: open ? 'case opened' : 'case' }, el('h3', null, button), body);
  if (open) fill(body, one);
  return item;
}

function summary(one) {
  const rounds = one.rounds.length;
  const what = rounds > 1 ? `right in ${one.good} of ${rounds} rounds` : one.rounds[0].outcome;
  const parts = [what, one.change, one.id, one.pair || one.language, ...(one.tags || [])];
  return el('span', { class: 'small' }, between(parts.filter(Boolean), ' · '));
}

/** Open or close a case; only one is open. */
function toggle(one) {
  const opening = state.case !== one.id;
  state = { ...state, case: opening ? one.id : '', round: '' };
  remember(opening);
  for (const old of list.querySelectorAll('.opened')) {
    old.classList.remove('opened');
    old.querySelector('.open').setAttribute('aria-expanded', 'false');
    const body = old.querySelector('.body');
    body.hidden = true;
    body.replaceChildren();
  }
  if (opening) unfold(one);
}

function unfold(one) {
  const place = PLACES.get(one.id);
  const button = document.getElementById(`case-${place}`);
  const body = document.getElementById(`body-${place}`);
  button.setAttribute('aria-expanded', 'true');
  button.closest('.case').classList.add('opened');
  body.hidden = false;
  fill(body, one);
  show(one);
}

/** Bring an open case to the top of the window, and every quote into its box. */
function show(one) {
  const button = document.getElementById(`case-${PLACES.get(one.id)}`);
  button.closest('.case').scrollIntoView({ block: 'start' });
  toFirstQuotes(button.closest('.case'));
}

// --- An open case --------------------------------------------------------------------------

function fill(body, one) {
  body.replaceChildren(el('div', { class: 'asked' }, earlier(one), expected(one)),
    el('div', { class: one.before ? 'runs' : null },
      one.before ? run(one, `Before: ${DATA.before}`, one.before, one.asked) : null,
      run(one, COMPARED ? `Now: ${DATA.run}` : '', one.rounds, '', true)));
  toFirstQuotes(body);
}

function earlier(one) {
  if (!one.history) return null;
  return el('div', null, el('h4', null, 'Said before'),
    el('dl', { class: 'history' }, one.history.map(([question, answer]) => el('div', null,
      el('dt', null, words(question, one.language)), el('dd', null, words(answer, one.language))))));
}

function expected(one) {
  const patterns = (all) => all && between(all.map((text) => el('code', null, `/${text}/`)), ' ');
  const files = one.sources && one.sources.map((place) => el('div', null,
    titleOf(ARTICLES[place]), ' ', el('bdi', { class: 'small' }, ARTICLES[place].id)));
  return el('div', null, el('h4', null, 'Expected'), pairs([
    ['Reply', one.answerable ? null : 'a refusal: the articles do not say'],
    ['Answer', one.answer && words(one.answer, one.language)],
    ['Or', one.accepted && between(one.accepted.map((text) => words(text, one.language)), ' / ')],
    ['Says', patterns(one.expect)],
    ['Never says', patterns(one.forbid)],
    [one.any ? 'Cites one of' : 'Cites', files],
  ]));
}

/** A run's attempts at a case: one is shown, buttons change between the rounds. */
function run(one, title, attempts, asked, own = false) {
  const level = title ? 5 : 4;
  const view = el('div');
  const buttons = attempts.map((attempt) => el('button', {
    type: 'button', onclick: () => choose(attempt, true),
  }, sign(attempt.right, attempt.right ? 'right' : 'wrong'), `Round ${(attempt.round || 0) + 1}`));
  function choose(attempt, clicked) {
    buttons.forEach((button, index) =>
      button.setAttribute('aria-pressed', String(attempts[index] === attempt)));
    view.replaceChildren(attemptView(one, attempt, level));
    if (own && clicked) {
      state.round = String((attempt.round || 0) + 1);
      remember();
    }
    toFirstQuotes(view);
  }
  const wished = own && attempts.find((one) => String((one.round || 0) + 1) === state.round);
  choose(wished || attempts[0], false);
  return el('div', { class: 'run' },
    title ? el('h4', null, title) : null,
    asked ? el('p', null, 'It was asked: ', words(asked, one.language)) : null,
    attempts.length > 1
      ? el('div', { class: 'rounds', role: 'group', 'aria-label': 'Rounds' }, buttons) : null,
    view);
}

// --- The address ---------------------------------------------------------------------------

/** Take over what the address says; `moved` if a person went there. */
function follow(moved) {
  const said = parsed(location.hash) || (moved ? null : parsed(''));
  if (!said || (moved && written(said) === written(state))) return;
  state = { ...said };
  draw();
  if (said.case && !state.case) {
    // The filter hides the case that is asked for.
    state = { ...parsed(''), case: said.case, round: said.round };
    draw();
  }
  const one = CASES[PLACES.get(state.case)];
  if (one) {
    show(one);
    document.getElementById(`case-${PLACES.get(one.id)}`).focus({ preventScroll: true });
  } else if (written(state)) {
    const cases = document.getElementById('cases');
    cases.scrollIntoView();
    if (moved) cases.focus({ preventScroll: true });
  }
}

// A place in the page is gone to without forgetting the filter.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (!link || parsed(link.hash)) return;
  const goal = document.getElementById(link.hash.slice(1));
  if (!goal) return;
  event.preventDefault();
  goal.scrollIntoView();
  goal.focus({ preventScroll: true });
});

addEventListener('hashchange', () => follow(true));
addEventListener('popstate', () => follow(true));
follow(false);
