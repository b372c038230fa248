// The page of 'hiervl watch': live from the service, or frozen with its data inside.
const COLOURS = ['#3366cc', '#dc3912', '#109618', '#ff9900', '#990099', '#0099c6', '#66aa00', '#888888'];
const SVG = 'http://www.w3.org/2000/svg';
const GROUPS = [
  ['validation', 'How good the model is on the val photos; this is what counts.', n => n.startsWith('val_')],
  ['total loss', 'The sum that training makes small; it should fall and then level out.', n => n === 'total'],
  ['pseudo-labels', 'Share of sure pseudo-labels, and where it is known how many are right; near 0 unlabelled photos teach nothing.',
    n => ['mask_ratio', 'pseudo_accuracy'].includes(n)],
  ['terms on unlabelled photos', 'Parts of the total that need no labels.', n => /_(s1|s2|fp)$/.test(n)],
  ['gradient', 'Norm of the gradient before it is bounded; a steady rise announces a run that diverges.', n => n === 'grad_norm'],
  ['learning rate', 'It grows in the warm-up and falls to 0 at the last planned step.', n => n === 'lr'],
  ['speed', 'Photos a second; a fall means that the machine had other work.', n => n === 'images_per_second'],
  ['waiting for photos', 'Share of the time that training waited for data; near 0 is good.', n => n === 'data_wait'],
  ['terms on labelled photos', 'Parts of the total that come from labels and texts.', n => n !== 'step'],
];
const chosen = {};

function element(name, text, parent, attributes = {}) {
  const e = document.createElement(name);
  if (text !== null) e.textContent = text;
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (parent) parent.append(e);
  return e;
}

function row(table, cells, kind = 'td') {
  const r = element('tr', null, table);
  cells.forEach(c => element(kind, c, r));
}

function duration(seconds) {
  if (seconds === undefined) return '';
  const h = Math.floor(seconds / 3600), m = Math.floor(seconds % 3600 / 60);
  return h ? h + ' h ' + m + ' min' : m ? m + ' min ' + seconds % 60 + ' s' : seconds + ' s';
}

function last(values = []) {
  return values.filter(v => v !== null).pop();
}

function overview(runs) {
  const box = document.getElementById('runs');
  box.replaceChildren();
  const table = element('table', null, box);
  row(table, ['run', 'step', 'of', 'left', 'mIoU', 'pseudo-labels', 'photos/s', 'memory, MB', ''], 'th');
  const per = v => v === undefined ? '' : (100 * v).toFixed(1) + ' %';
  for (const r of runs) {
    const c = r.columns, speed = last(c.images_per_second);
    row(table, [r.name, r.done, r.steps ?? '?', duration(r.seconds_left), per(last(c.val_miou)), per(last(c.mask_ratio)),
      speed === undefined ? '' : speed.toFixed(1), r.memory_mb ?? '', r.messages.join('; ')]);
  }
}

function line(x, y, dx, dy) {
  let path = '', on = false;
  x.forEach((v, i) => {
    if (y[i] === null) return;
    path += (on ? 'L' : 'M') + dx(v).toFixed(1) + ' ' + dy(y[i]).toFixed(1);
    on = true;
  });
  return path;
}

function shape(svg, name, attributes, text) {
  const e = document.createElementNS(SVG, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text) e.textContent = text;
  svg.append(e);
}

function chart(box, title, sentence, lines) {
  const figure = element('div', null, box);
  element('h2', title, figure);
  element('p', sentence, figure, { class: 'sentence' });
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 560 240');
  figure.append(svg);
  const xs = lines.flatMap(l => l.x), ys = lines.flatMap(l => l.y).filter(v => v !== null);
  const x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1), y0 = Math.min(0, ...ys), y1 = Math.max(...ys, y0 + 1e-9);
  const dx = v => 52 + (v - x0) / (x1 - x0) * 496, dy = v => 215 - (v - y0) / (y1 - y0) * 200;
  for (let i = 0; i <= 4; i++) {
    const y = y0 + i / 4 * (y1 - y0), x = x0 + i / 4 * (x1 - x0);
    shape(svg, 'line', { x1: 52, x2: 548, y1: dy(y), y2: dy(y), stroke: '#8884' });
    shape(svg, 'text', { x: 46, y: dy(y) + 4, 'text-anchor': 'end' }, Number(y.toPrecision(3)).toString());
    shape(svg, 'text', { x: dx(x), y: 232, 'text-anchor': 'middle' }, Math.round(x).toString());
  }
  lines.forEach((l, i) => {
    const colour = COLOURS[i % COLOURS.length];
    shape(svg, 'path', { d: line(l.x, l.y, dx, dy), fill: 'none', stroke: colour, 'stroke-width': 1.8 });
    const seen = l.y.map((v, j) => [l.x[j], v]).filter(p => p[1] !== null);
    if (seen.length === 1) shape(svg, 'circle', { cx: dx(seen[0][0]), cy: dy(seen[0][1]), r: 3, fill: colour });
    element('span', l.name, figure, { class: 'key' }).style.setProperty('--colour', colour);
  });
}

function curves(runs) {
  const box = document.getElementById('curves');
  box.replaceChildren();
  const left = new Set(runs.flatMap(r => Object.keys(r.columns)));
  for (const [title, sentence, has] of GROUPS) {
    const names = [...left].filter(has);
    names.forEach(n => left.delete(n));
    const lines = runs.flatMap(r => names.filter(n => r.columns[n] && r.columns[n].some(v => v !== null))
      .map(n => ({ name: runs.length > 1 ? r.name + ': ' + n : n, x: r.columns.step, y: r.columns[n] })));
    if (lines.length) chart(box, title, sentence, lines);
  }
}

function checkpoints(runs) {
  const box = document.getElementById('checkpoints');
  const focus = document.activeElement && document.activeElement.dataset.run;
  box.replaceChildren();
  runs.forEach((r, i) => {
    if (!r.checkpoints || !r.checkpoints.length) return;
    const end = r.checkpoints.length - 1, n = Math.min(end, chosen[i] ?? end);
    element('h2', 'Checkpoints of ' + r.name, box);
    const slider = element('input', null, box, { type: 'range', min: 0, max: end, value: n, 'data-run': i, 'aria-label': 'checkpoint' });
    slider.oninput = () => {
      if (Number(slider.value) === end) delete chosen[i]; else chosen[i] = Number(slider.value);
      checkpoints(runs);
    };
    if (String(i) === focus) slider.focus();
    element('p', r.checkpoints[n].checkpoint, box);
    element('img', null, box, { alt: 'truth and prediction', src: r.checkpoints[n].picture ?? `api/picture?run=${i}&checkpoint=${n}` });
    element('p', 'IoU on the photos shown, per cent', box, { class: 'sentence' });
    const table = element('table', null, box);
    row(table, ['class', ...r.checkpoints.map(c => c.checkpoint.replace(/^step-0*/, ''))], 'th');
    r.classes.forEach((name, k) => row(table, [name, ...r.checkpoints.map(c => c.iou[k] === null ? '-' : (100 * c.iou[k]).toFixed(1))]));
    inside(box, r, i, n);
  });
}

// Gates of HSQG for the first photo, and what the query of its largest thing attends to.
function inside(box, r, i, n) {
  const shot = r.checkpoints[n];
  if (!shot.gates) return;
  element('p', 'Gates of the first photo: how likely the model thinks that it shows a class, per cent', box, { class: 'sentence' });
  const table = element('table', null, box);
  row(table, ['class', ...r.checkpoints.map(c => c.checkpoint.replace(/^step-0*/, ''))], 'th');
  r.classes.forEach((name, k) => row(table, [name, ...r.checkpoints.map(c => c.gates ? (100 * c.gates[k]).toFixed(0) : '-')]));
  element('p', 'What the query "' + shot.query + '" attends to, layer by layer', box, { class: 'sentence' });
  element('img', null, box, { alt: 'attention of a query', src: shot.attention ?? `api/picture?run=${i}&checkpoint=${n}&of=attention` });
}

function show(data) {
  overview(data.runs);
  curves(data.runs);
  checkpoints(data.runs);
}

const frozen = document.getElementById('frozen');
if (frozen) {
  show(JSON.parse(frozen.textContent));
} else {
  let before = '';
  const look = async () => {
    const status = document.getElementById('status');
    try {
      const text = await (await fetch('api/runs')).text();
      if (text !== before) show(JSON.parse(text));
      before = text;
      status.textContent = '';
    } catch (failure) {
      status.textContent = 'The service does not answer; the page shows what was known last.';
    }
    status.classList.toggle('error', status.textContent !== '');
    setTimeout(look, 2000);
  };
  look();
}
