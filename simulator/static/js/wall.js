// The board on the wall: keeps the row in view that was opened last, and says it aloud.
const said = document.querySelector('#said');

function follow() {
  const row = document.querySelector('#latest');
  if (!row) return;
  row.scrollIntoView({ block: 'center', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  said.textContent = `${row.querySelector('.rank').textContent} ${row.querySelector('.who').firstChild.textContent} ${row.querySelector('.big').textContent}`;
}

document.addEventListener('htmx:afterSettle', follow);
follow();
