/**
 * The one script of the HTML report. It reads the rows of the table of paths, or of a data block where there are too many for a table, and
 * lets people search, filter and sort. It asks nobody anything, and writes text as text. Without it the report has all that it has but that.
 */
export const SCRIPT = `'use strict';
(function () {
  var height = 30;
  var table = document.getElementById('path-table');
  var data = document.getElementById('path-data');
  var tools = document.getElementById('path-tools');
  if (!tools || (!table && !data)) return;
  var search = document.getElementById('path-search');
  var choice = document.getElementById('path-verdict');
  var count = document.getElementById('path-count');
  var rows = [];
  var order = [];
  var sorting = { column: 0, down: false };
  var list, head, body, frame;

  if (data) {
    var words = JSON.parse(document.getElementById('path-words').textContent);
    rows = JSON.parse(data.textContent).map(function (row) {
      var text = words.store + '/' + row[0];
      return { text: text, lower: text.toLowerCase(), cells: [row[0], words.verdicts[row[1]], words.keys[row[2]], words.caches[row[3]], row[4]], tone: words.tones[row[1]] };
    });
    frame = document.getElementById('path-window');
    list = frame.querySelector('table');
    frame.hidden = false;
    list.setAttribute('aria-rowcount', String(rows.length + 1));
  } else {
    list = table;
    rows = Array.prototype.map.call(table.tBodies[0].rows, function (row) {
      var cells = Array.prototype.map.call(row.cells, function (cell) { return cell.textContent; });
      cells[0] = cells[0].replace(/^.*\\//, '');
      cells[4] = Number(row.cells[4].getAttribute('data-bytes'));
      return { text: row.cells[0].textContent, lower: row.textContent.toLowerCase(), cells: cells, row: row };
    });
  }
  head = list.tHead;
  body = list.tBodies[0];
  tools.hidden = false;

  function verdictOf(entry) { return entry.cells[1].split(',')[0]; }
  var seen = {};
  rows.forEach(function (entry) { seen[verdictOf(entry)] = true; });
  Object.keys(seen).sort().forEach(function (verdict) {
    var option = document.createElement('option');
    option.textContent = verdict;
    choice.append(option);
  });

  function nameOf(base) { return base.slice(33); }
  function compare(a, b) {
    var x = a.cells[sorting.column];
    var y = b.cells[sorting.column];
    if (sorting.column === 0) { x = nameOf(x); y = nameOf(y); }
    var result = x < y ? -1 : x > y ? 1 : a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
    return sorting.down ? -result : result;
  }

  function bytes(value) {
    if (value < 0) return '';
    var units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    var unit = 0;
    while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit++; }
    return (unit === 0 ? value : value.toFixed(1)) + ' ' + units[unit];
  }

  function select() {
    var words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    var wanted = choice.selectedIndex > 0 ? choice.value : '';
    order = rows.filter(function (entry) {
      if (wanted !== '' && verdictOf(entry) !== wanted) return false;
      var text = data ? entry.lower + ' ' + (entry.cells[1] + ' ' + entry.cells[2] + ' ' + entry.cells[3]).toLowerCase() : entry.lower;
      return words.every(function (word) { return text.indexOf(word) !== -1; });
    });
    count.textContent = order.length.toLocaleString('en') + ' of ' + rows.length.toLocaleString('en') + ' paths';
  }

  function cell(text, className) {
    var td = document.createElement('td');
    td.textContent = text;
    td.title = text;
    if (className) td.className = className;
    return td;
  }

  function space(height) {
    var row = document.createElement('tr');
    row.className = 'space';
    row.setAttribute('aria-hidden', 'true');
    var td = document.createElement('td');
    td.colSpan = 5;
    td.style.height = height + 'px';
    row.append(td);
    return row;
  }

  function drawWindow() {
    var first = Math.max(0, Math.floor(frame.scrollTop / height) - 10);
    first -= first % 2;
    var last = Math.min(order.length, first + Math.ceil(frame.clientHeight / height) + 20);
    var made = document.createDocumentFragment();
    if (first > 0) made.append(space(first * height));
    for (var at = first; at < last; at++) {
      var entry = order[at];
      var row = document.createElement('tr');
      row.setAttribute('aria-rowindex', String(at + 2));
      var path = cell(entry.text, 'path');
      path.textContent = '';
      var hash = document.createElement('span');
      hash.className = 'hash';
      hash.textContent = entry.cells[0].slice(0, 8) + '\\u2026-';
      var name = document.createElement('span');
      name.className = 'name';
      name.textContent = nameOf(entry.cells[0]);
      path.append(hash, name);
      row.append(path, cell(entry.cells[1], entry.tone), cell(entry.cells[2]), cell(entry.cells[3]), cell(bytes(entry.cells[4]), 'number'));
      made.append(row);
    }
    if (last < order.length) made.append(space((order.length - last) * height));
    body.replaceChildren(made);
    var drawnRow = body.querySelector('[aria-rowindex]');
    if (drawnRow) height = drawnRow.getBoundingClientRect().height || height;
  }

  function draw() {
    if (data) { drawWindow(); return; }
    var shown = new Set(order);
    rows.forEach(function (entry) { entry.row.hidden = !shown.has(entry); });
    body.append.apply(body, order.map(function (entry) { return entry.row; }));
  }

  function again() {
    select();
    if (sorting.asked) order.sort(compare);
    if (frame) frame.scrollTop = 0;
    draw();
  }

  Array.prototype.forEach.call(head.rows[0].cells, function (th, column) {
    var button = document.createElement('button');
    button.type = 'button';
    button.textContent = th.textContent;
    th.replaceChildren(button);
    button.addEventListener('click', function () {
      sorting = { asked: true, column: column, down: sorting.asked && sorting.column === column && !sorting.down };
      Array.prototype.forEach.call(head.rows[0].cells, function (other) { other.removeAttribute('aria-sort'); });
      th.setAttribute('aria-sort', sorting.down ? 'descending' : 'ascending');
      again();
    });
  });
  var waiting = 0;
  search.addEventListener('input', function () { clearTimeout(waiting); waiting = setTimeout(again, rows.length > 5000 ? 120 : 0); });
  choice.addEventListener('change', again);
  if (frame) {
    var drawn = false;
    frame.addEventListener('scroll', function () {
      if (drawn) return;
      drawn = true;
      requestAnimationFrame(function () { drawn = false; drawWindow(); });
    });
    addEventListener('resize', drawWindow);
  }
  again();
})();
`;
