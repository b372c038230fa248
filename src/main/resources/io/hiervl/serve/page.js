// The page of 'hiervl serve'. No library, nothing from other hosts.
const $ = id => document.getElementById(id);
const IGNORE = 255;
const UNDO_STEPS = 10;
const state = { models: [], collects: false, photos: [], current: null, off: new Set(), edits: [] };

function say(text, error = false) {
  $('status').textContent = text;
  $('status').classList.toggle('error', error);
}

async function ask(path, options = {}) {
  const token = sessionStorage.getItem('token');
  const headers = { ...(options.headers || {}), ...(token ? { Authorization: 'Bearer ' + token } : {}) };
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) {
    $('token-field').hidden = false;
    $('token').focus();
    throw new Error('This service needs its token: type it above.');
  }
  if (!answer.ok) {
    let sentence = 'status ' + answer.status;
    try { sentence = (await answer.json()).detail; } catch { /* no JSON */ }
    throw new Error(sentence);
  }
  return answer;
}

// Grey values of a PNG, exactly.
async function grey(base64) {
  const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const rgba = context.getImageData(0, 0, picture.width, picture.height).data;
  const out = new Uint8Array(picture.width * picture.height);
  for (let i = 0; i < out.length; i++) out[i] = rgba[4 * i];
  return out;
}

async function segment(photo, model) {
  if (photo.results[model]) return photo.results[model];
  const extra = photo.bitmap ? '' : ',photo';
  const answer = await ask('v1/segment?as=json&include=labels,confidence' + extra + '&model=' + encodeURIComponent(model),
    { method: 'POST', body: photo.file, headers: { 'Content-Type': 'application/octet-stream' } });
  const document = (await answer.json()).photos[0];
  if (!photo.bitmap) {
    const bytes = Uint8Array.from(atob(document.photo_png), c => c.charCodeAt(0));
    photo.bitmap = await createImageBitmap(new Blob([bytes]));
  }
  const labels = await grey(document.labels_png);
  return photo.results[model] = { labels, confidence: await grey(document.confidence_png), edited: null,
    width: document.width, height: document.height };
}

const model = id => state.models.find(m => m.name === $(id).value);
const labelsOf = result => result.edited || result.labels;

function shares(result, count) {
  const pixels = new Float64Array(256), sums = new Float64Array(256), labels = labelsOf(result);
  for (let i = 0; i < labels.length; i++) { pixels[labels[i]]++; sums[labels[i]] += result.confidence[i]; }
  return Array.from({ length: count }, (_, k) => ({ share: pixels[k] / labels.length, confidence: pixels[k] ? sums[k] / pixels[k] / 255 : 0 }));
}

function draw(pane, result, shown) {
  const canvas = pane.querySelector('canvas');
  if (canvas.width !== result.width || canvas.height !== result.height) {
    canvas.width = result.width;
    canvas.height = result.height;
    canvas.classList.toggle('small', result.width < 400);
  }
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(state.current.bitmap, 0, 0, result.width, result.height);
  const image = context.getImageData(0, 0, result.width, result.height), rgba = image.data, labels = labelsOf(result);
  const share = $('opacity').value / 100, colours = shown.classes.map(c => c.colour);
  for (let i = 0; i < labels.length; i++) {
    const k = labels[i];
    if (k < colours.length && !state.off.has(k)) {
      for (let c = 0; c < 3; c++) rgba[4 * i + c] = share * colours[k][c] + (1 - share) * rgba[4 * i + c];
    }
  }
  context.putImageData(image, 0, 0);
  pane.querySelector('figcaption').textContent = shown.name + (result.edited ? ', corrected' : '');
}

function legend(result, shown) {
  const body = $('legend').tBodies[0];
  body.replaceChildren();
  shares(result, shown.classes.length).map((s, k) => ({ ...s, k })).sort((a, b) => b.share - a.share).forEach(({ share, confidence, k }) => {
    const row = body.insertRow(), box = document.createElement('input'), swatch = document.createElement('span');
    box.type = 'checkbox';
    box.checked = !state.off.has(k);
    box.setAttribute('aria-label', 'show ' + shown.classes[k].name);
    box.dataset.k = k;
    box.onchange = () => { box.checked ? state.off.delete(k) : state.off.add(k); refresh(); };
    swatch.className = 'swatch';
    swatch.style.background = `rgb(${shown.classes[k].colour})`;
    row.insertCell().append(box);
    row.insertCell().append(swatch, shown.classes[k].name);
    row.insertCell().textContent = (100 * share).toFixed(1) + ' %';
    row.insertCell().textContent = share ? (100 * confidence).toFixed(0) + ' %' : '';
  });
}

function refresh() {
  const photo = state.current;
  if (!photo) return;
  const first = photo.results[$('model').value], second = photo.results[$('other').value];
  if (!first) return;
  draw($('pane-1'), first, model('model'));
  legend(first, model('model'));
  $('pane-2').hidden = !second;
  $('agreement').hidden = !second;
  if (second) {
    draw($('pane-2'), second, model('other'));
    const a = labelsOf(first), b = labelsOf(second);
    const names = [model('model'), model('other')].map(m => m.classes.map(c => c.name));
    let same = 0;
    for (let i = 0; i < a.length; i++) same += names[0][a[i]] === names[1][b[i]] ? 1 : 0;
    $('agreement').textContent = 'The two models agree on ' + (100 * same / a.length).toFixed(1) + ' % of the pixels.';
  }
}

async function show(photo) {
  state.current = photo;
  state.edits = [];
  for (const button of $('photos').querySelectorAll('button')) button.setAttribute('aria-current', button.photo === photo);
  say('Segmenting ' + photo.file.name + ' …');
  try {
    const names = [$('model').value, $('other').value].filter(n => n);
    for (const name of names) await segment(photo, name);
    if (state.current === photo) { say(photo.file.name); refresh(); }
  } catch (failure) {
    say(photo.file.name + ': ' + failure.message, true);
  }
}

async function add(files) {
  let first = null;
  for (const file of files) {
    const photo = { file, results: {}, bitmap: null };
    try { photo.bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }); } catch { /* the service decodes it */ }
    state.photos.push(photo);
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = file.name;
    button.photo = photo;
    button.onclick = () => show(photo);
    const item = document.createElement('li');
    item.append(button);
    $('photos').append(item);
    first = first || photo;
  }
  if (first) await show(first);
}

function at(event, canvas) {
  // The picture lies inside the canvas' box with its own proportions.
  const box = canvas.getBoundingClientRect(), scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const x = (event.clientX - box.left - (box.width - scale * canvas.width) / 2) / scale;
  const y = (event.clientY - box.top - (box.height - scale * canvas.height) / 2) / scale;
  return { x: Math.floor(x), y: Math.floor(y), inside: x >= 0 && y >= 0 && x < canvas.width && y < canvas.height };
}

function hover(event, pane, id) {
  const result = state.current && state.current.results[$(id).value];
  if (!result) return;
  const { x, y, inside } = at(event, pane.querySelector('canvas'));
  if (!inside) { $('hover').textContent = '\u00a0'; return; }
  const k = labelsOf(result)[y * result.width + x], known = model(id).classes[k];
  $('hover').textContent = `${x}, ${y}: ${known ? known.name : 'no label'}, confidence ${(result.confidence[y * result.width + x] / 2.55).toFixed(0)} %`;
}

function paint(event) {
  const result = state.current.results[$('model').value], canvas = $('pane-1').querySelector('canvas');
  const { x, y } = at(event, canvas), radius = $('size').value / 2, k = Number($('paint').value);
  for (let py = Math.max(0, Math.ceil(y - radius)); py <= Math.min(result.height - 1, y + radius); py++) {
    for (let px = Math.max(0, Math.ceil(x - radius)); px <= Math.min(result.width - 1, x + radius); px++) {
      if ((px - x) ** 2 + (py - y) ** 2 <= radius * radius) result.edited[py * result.width + px] = k;
    }
  }
  draw($('pane-1'), result, model('model'));
}

function begin(event) {
  const result = state.current && state.current.results[$('model').value];
  if (!result || !$('brush').checked) return;
  event.preventDefault();
  state.edits.push(result.edited);
  if (state.edits.length > UNDO_STEPS) state.edits.shift();
  result.edited = Uint8Array.from(labelsOf(result));
  const canvas = $('pane-1').querySelector('canvas');
  canvas.setPointerCapture(event.pointerId);
  paint(event);
  canvas.addEventListener('pointermove', paint);
  canvas.addEventListener('pointerup', () => { canvas.removeEventListener('pointermove', paint); refresh(); }, { once: true });
}

async function maskFile(result) {
  const canvas = new OffscreenCanvas(result.width, result.height), context = canvas.getContext('2d');
  const image = context.createImageData(result.width, result.height), labels = labelsOf(result);
  for (let i = 0; i < labels.length; i++) {
    image.data[4 * i] = image.data[4 * i + 1] = image.data[4 * i + 2] = labels[i];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

async function save() {
  const photo = state.current, result = photo && photo.results[$('model').value];
  if (!result) return;
  $('saved').textContent = 'Saving …';
  try {
    const form = new FormData();
    form.append('photo', photo.file);
    form.append('labels', await maskFile(result), 'labels.png');
    const answer = await ask('v1/corrections?model=' + encodeURIComponent($('model').value), { method: 'POST', body: form });
    const made = await answer.json();
    $('saved').textContent = `Saved as ${made.mask}; ${made.list} has ${made.pairs} pairs.`;
  } catch (failure) {
    $('saved').textContent = 'Not saved: ' + failure.message;
  }
}

async function download(as) {
  const photo = state.current;
  if (!photo) return;
  try {
    const answer = await ask('v1/segment?as=' + as + '&model=' + encodeURIComponent($('model').value),
      { method: 'POST', body: photo.file, headers: { 'Content-Type': 'application/octet-stream' } });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await answer.blob());
    link.download = photo.file.name.replace(/\.[^.]*$/, '') + '_' + as + '.png';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } catch (failure) {
    say(failure.message, true);
  }
}

function choices() {
  const shown = model('model');
  $('paint').replaceChildren(...shown.classes.map(c => new Option(c.name, c.index)), new Option('no label', IGNORE));
}

async function start() {
  try {
    const known = await (await ask('v1/models')).json();
    state.models = known.models;
    $('correct').hidden = !known.collects;
    $('model').replaceChildren(...known.models.map(m => new Option(m.name)));
    $('other').replaceChildren(new Option('(none)', ''), ...known.models.map(m => new Option(m.name)));
    choices();
    say('Drop a photo to begin.');
  } catch (failure) {
    say(failure.message, true);
  }
}

$('token').onchange = () => { sessionStorage.setItem('token', $('token').value); $('token-field').hidden = true; start(); };
$('model').onchange = () => { state.off.clear(); choices(); if (state.current) show(state.current); };
$('other').onchange = () => { if (state.current) show(state.current); };
$('opacity').oninput = refresh;
$('files').onchange = () => { add([...$('files').files]); $('files').value = ''; };
$('undo').onclick = () => {
  const result = state.current && state.current.results[$('model').value];
  if (result && state.edits.length) { result.edited = state.edits.pop(); refresh(); }
};
$('save').onclick = save;
$('get-index').onclick = () => download('index');
$('get-overlay').onclick = () => download('overlay');
$('pane-1').onpointermove = e => hover(e, $('pane-1'), 'model');
$('pane-2').onpointermove = e => hover(e, $('pane-2'), 'other');
$('pane-1').querySelector('canvas').onpointerdown = begin;
for (const type of ['dragover', 'dragenter']) {
  document.addEventListener(type, e => { e.preventDefault(); $('drop').classList.add('over'); });
}
document.addEventListener('dragleave', () => $('drop').classList.remove('over'));
document.addEventListener('drop', e => { e.preventDefault(); $('drop').classList.remove('over'); add([...e.dataTransfer.files]); });
start();
