// Which cases are listed. The filter and the opened case stand in the address, behind the `#`.

/** Name in the address, label, and the values that a case has. */
const FACETS = [
  ['right', 'Verdict', (one) => [one.right ? 'right' : 'wrong',
    ...(one.good && one.good < one.rounds.length ? ['differs between rounds'] : [])]],
  ['outcome', 'Outcome', (one) => [...new Set(one.rounds.map((attempt) => attempt.outcome))]],
  ['set', 'Set', (one) => [one.set]],
  ['group', 'Group', (one) => [one.group]],
  ['tag', 'Tag', (one) => one.tags || []],
  ['language', 'Question in', (one) => [one.language]],
  ['pair', 'Question → articles', (one) => (one.pair ? [one.pair] : [])],
  ...(COMPARED ? [['change', 'Since the run before', (one) => [one.change]]] : []),
];

const OTHERS = ['q', 'case', 'round', 'page'];
const NAMES = [...FACETS.map(([name]) => name), ...OTHERS];

for (const one of CASES) {
  one.facets = Object.fromEntries(FACETS.map(([name, , values]) => [name, values(one)]));
}

/** What an address says, or null if it is a place in the page. */
function parsed(hash) {
  const text = hash.replace(/^#/, '');
  if (text && !text.includes('=')) return null;
  const said = new URLSearchParams(text);
  return Object.fromEntries(NAMES.map((name) => [name, said.get(name) || '']));
}

function written(state) {
  const said = new URLSearchParams();
  for (const name of NAMES) if (state[name]) said.set(name, state[name]);
  return said.toString();
}

/** The cases that a state lists, and how many there would be for every value of a facet. */
function filtered(state) {
  const terms = state.q.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean);
  const set = FACETS.map(([name]) => name).filter((name) => state[name]);
  const counts = Object.fromEntries(FACETS.map(([name]) => [name, new Map()]));
  const listed = [];
  for (const one of CASES) {
    if (!terms.every((term) => one.search.includes(term))) continue;
    const against = set.filter((name) => !one.facets[name].includes(state[name]));
    if (!against.length) listed.push(one);
    // A value's count is what choosing it would list: everything but its own facet holds.
    for (const [name] of FACETS) {
      if (against.length > 1 || (against.length && against[0] !== name)) continue;
      for (const value of one.facets[name]) {
        counts[name].set(value, (counts[name].get(value) || 0) + 1);
      }
    }
  }
  return { listed, counts };
}

/** The form: a search and a list for every facet; `changed` gets a name and its new value. */
class Form {
  constructor(form, changed) {
    this.search = el('input', {
      type: 'search', id: 'filter-q', name: 'q', autocomplete: 'off', spellcheck: 'false',
      oninput: () => changed('q', this.search.value.trim()),
    });
    this.selects = new Map();
    const fields = [el('p', { class: 'field search' },
      el('label', { for: 'filter-q' }, 'Words of the question or id'), this.search)];
    for (const [name, label, values] of FACETS) {
      const known = [...new Set(CASES.flatMap(values))].sort();
      if (known.length < 2 && !COMPARED && name !== 'right') continue;
      const select = el('select', {
        id: `filter-${name}`, name, onchange: () => changed(name, select.value),
      }, el('option', { value: '' }, 'all'),
      known.map((value) => el('option', { value }, value)));
      this.selects.set(name, select);
      fields.push(el('p', { class: 'field' },
        el('label', { for: `filter-${name}` }, label), select));
    }
    this.clear = el('button', { type: 'button', onclick: () => changed(null) }, 'Show all');
    form.append(...fields, el('p', { class: 'field' }, this.clear));
    form.addEventListener('submit', (event) => event.preventDefault());
    form.hidden = !CASES.length;
  }

  /** Show a state and the counts of its values. */
  show(state, counts) {
    if (this.search.value.trim() !== state.q) this.search.value = state.q;
    for (const [name, select] of this.selects) {
      for (const option of select.options) {
        if (!option.value) continue;
        option.textContent = `${option.value} (${grouped(counts[name].get(option.value) || 0)})`;
      }
      select.value = state[name];
    }
    const active = state.q || FACETS.some(([name]) => state[name]);
    this.clear.disabled = !active;
  }
}
