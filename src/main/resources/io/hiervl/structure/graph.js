const modules = document.getElementById('modules');
const all = modules.querySelectorAll('details');
document.getElementById('open').onclick = () => all.forEach(d => { d.open = true; });
document.getElementById('close').onclick = () => all.forEach(d => { d.open = false; });
function show(row) {
  for (let at = row.parentElement; at && at !== modules; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
}
function jump() {
  const row = location.hash && document.getElementById(location.hash.slice(1));
  if (row) { show(row); row.scrollIntoView({block: 'center'}); }
}
addEventListener('hashchange', jump);
jump();
document.getElementById('filter').oninput = event => {
  const words = event.target.value.trim().toLowerCase();
  let found = 0;
  modules.querySelectorAll('tbody tr, table > tr').forEach(row => {
    const text = row.cells[0].title + ' ' + row.textContent;
    const hit = words.length > 1 && text.toLowerCase().includes(words);
    row.classList.toggle('hit', hit);
    if (hit) { found++; if (found <= 200) show(row); }
  });
  document.getElementById('found').textContent = words.length > 1 ? found + ' found' : '';
};
