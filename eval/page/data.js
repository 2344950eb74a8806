// What the page knows: articles once, cases once (see eval/payload.py). What is 0 or empty is
// left out there.

const DATA = JSON.parse(document.getElementById('data').textContent);
const CASES = DATA.cases || [];
const ARTICLES = DATA.articles || [];
const ARMS = DATA.arms || [];
const COMPARED = 'before' in DATA;

for (const one of CASES) {
  const good = one.rounds.filter((attempt) => attempt.right).length;
  one.right = good * 2 > one.rounds.length;
  one.good = good;
  one.search = `${one.id}\n${one.question}`.normalize('NFKC').toLowerCase();
}

const PLACES = new Map(CASES.map((one, place) => [one.id, place]));

/** The characters of an article. Offsets count characters, JavaScript counts halves of some. */
function characters(article) {
  if (!article.characters) {
    const paired = /[\ud800-\udbff]/.test(article.text || '');
    article.characters = paired ? Array.from(article.text) : article.text || '';
  }
  return article.characters;
}

function slice(article, start, end) {
  const part = characters(article).slice(start, end);
  return typeof part === 'string' ? part : part.join('');
}

function titleOf(article) {
  return article.title
    ? words(article.title, article.language)
    : el('span', null, 'an article that the run does not hold');
}
