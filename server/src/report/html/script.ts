/**
 * The one script of the HTML report. It reads the rows of the table of paths, or of a data block where there are too many for a table, and
 * lets people search, filter and sort, and shows why a path is there. It asks nobody anything, and writes text as text. Without it the report
 * has all that it has but that.
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
  var through = JSON.parse(document.getElementById('path-through').textContent);
  var sorting = { column: 0, down: false };
  var list, head, body, frame;

  if (data) {
    var words = JSON.parse(document.getElementById('path-words').textContent);
    var kinds = words.kinds.map(function (kind) {
      return { cells: kind.slice(0, 3), tone: kind[3], lower: kind.slice(0, 3).join(' ').toLowerCase() };
    });
    rows = JSON.parse(data.textContent).map(function (row) {
      var text = words.store + '/' + row[0];
      var kind = kinds[row[1]];
      return { text: text, lower: text.toLowerCase(), kind: kind, cells: [row[0]].concat(kind.cells, row[2]), tone: kind.tone };
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
      return { text: row.cells[0].textContent, lower: row.textContent.toLowerCase(), cells: cells, tone: row.cells[1].firstElementChild.className, row: row };
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

  function nameOf(base) { return base.charAt(32) === '-' ? base.slice(33) : base; }
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
      return words.every(function (word) {
        return entry.lower.indexOf(word) !== -1 || (entry.kind !== undefined && entry.kind.lower.indexOf(word) !== -1);
      });
    });
    count.textContent = order.length.toLocaleString('en') + ' of ' + rows.length.toLocaleString('en') + ' paths';
  }

  function made(name, text, className) {
    var element = document.createElement(name);
    element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  function cell(text, className) {
    var td = made('td', text, className);
    td.title = text;
    return td;
  }

  // The button that every path becomes. Of those of a table the Tab key reaches one; the arrow keys go from there.
  function opener() {
    var button = made('button', '', 'opener');
    button.type = 'button';
    button.tabIndex = -1;
    button.setAttribute('aria-haspopup', 'dialog');
    return button;
  }

  function reachable(button) {
    if (!button) return;
    var last = button.closest('tbody').querySelector('.opener[tabindex="0"]');
    if (last) last.tabIndex = -1;
    button.tabIndex = 0;
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

  var active = 0;
  var drawnFirst = -1;
  var drawnLast = -1;
  function placeOf(button) { return Number(button.closest('tr').getAttribute('aria-rowindex')) - 2; }
  function openerAt(place) { return body.querySelector('[aria-rowindex="' + (place + 2) + '"] .opener'); }

  function drawWindow() {
    var first = Math.max(0, Math.floor(frame.scrollTop / height) - 10);
    first -= first % 2;
    var last = Math.min(order.length, first + Math.ceil(frame.clientHeight / height) + 20);
    if (first === drawnFirst && last === drawnLast) return;
    drawnFirst = first;
    drawnLast = last;
    var focused = body.contains(document.activeElement);
    var drawn = document.createDocumentFragment();
    if (first > 0) drawn.append(space(first * height));
    for (var at = first; at < last; at++) {
      var entry = order[at];
      var row = document.createElement('tr');
      row.setAttribute('aria-rowindex', String(at + 2));
      var path = cell(entry.text, 'path');
      var button = opener();
      var name = nameOf(entry.cells[0]);
      if (name !== entry.cells[0]) button.append(made('span', entry.cells[0].slice(0, 8) + '\\u2026-', 'hash'));
      button.append(made('span', name, 'name'));
      path.replaceChildren(button);
      row.append(path, cell(entry.cells[1], entry.tone), cell(entry.cells[2]), cell(entry.cells[3]), cell(bytes(entry.cells[4]), 'number'));
      drawn.append(row);
    }
    if (last < order.length) drawn.append(space((order.length - last) * height));
    body.replaceChildren(drawn);
    var drawnRow = body.querySelector('[aria-rowindex]');
    if (drawnRow) height = drawnRow.getBoundingClientRect().height || height;
    var gone = active < first || active >= last;
    if (gone) active = Math.min(Math.ceil(frame.scrollTop / height), order.length - 1);
    reachable(openerAt(active));
    // Drawing took the focus away. Where its row has left, the list has it, so that the keys go on scrolling.
    if (focused) (gone ? frame : openerAt(active)).focus({ preventScroll: true });
  }

  function draw() {
    if (data) { drawWindow(); return; }
    var shown = new Set(order);
    rows.forEach(function (entry) { entry.row.hidden = !shown.has(entry); });
    body.append.apply(body, order.map(function (entry) { return entry.row; }));
    reachable(body.querySelector('tr:not([hidden]) .opener'));
  }

  function again() {
    select();
    if (sorting.asked) order.sort(compare);
    if (frame) frame.scrollTop = 0;
    active = 0;
    drawnFirst = -1;
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
    var asked = false;
    frame.addEventListener('scroll', function () {
      if (asked) return;
      asked = true;
      requestAnimationFrame(function () { asked = false; drawWindow(); });
    });
    addEventListener('resize', drawWindow);
  }

  var dialog = document.getElementById('path-why');
  var origin = null;

  // Of a longer chain the middle is left out, so that no report, whatever is in it, makes the dialog endless.
  var longest = 200;
  function show(entry, from) {
    var chain = [];
    var place = rows.indexOf(entry);
    for (; place >= 0; place = through[place]) chain.push(rows[place]);
    var root = place === -1;
    chain.reverse();
    dialog.querySelector('h3').textContent = nameOf(entry.cells[0]);
    var unknown = 'no cache tells through which references';
    dialog.querySelector('p').textContent = root
      ? (chain.length === 1 ? 'It is what was audited.' : 'The shortest chain of references from what was audited:')
      : (chain.length === 1
        ? 'What was audited needs it, but ' + unknown + '.'
        : 'What was audited needs the first of these, but ' + unknown + '. From there, the shortest chain:');
    var steps = chain.map(function (step) {
      var item = document.createElement('li');
      var path = made('span', '', 'path');
      var name = nameOf(step.cells[0]);
      path.append(made('span', step.text.slice(0, step.text.length - name.length), 'hash'), made('span', name, 'name'));
      item.append(path, document.createElement('br'), made('span', verdictOf(step), step.tone));
      if (step.cells[2]) item.append(' by ' + step.cells[2]);
      if (step.cells[3]) item.append(', from ' + step.cells[3]);
      item.append(step.cells[1].slice(verdictOf(step).length));
      return item;
    });
    if (steps.length > longest) {
      var between = steps.length - longest;
      steps.splice(longest / 2, between, made('li', 'and ' + between.toLocaleString('en') + ' more'));
      steps[longest / 2 + 1].value = between + longest / 2 + 1;
    }
    var items = dialog.querySelector('ol');
    items.replaceChildren.apply(items, steps);
    origin = from;
    dialog.showModal();
    dialog.scrollTop = 0;
  }

  dialog.querySelector('button').addEventListener('click', function () { dialog.close(); });
  dialog.addEventListener('close', function () {
    // A list that was drawn again since has another button for the same row.
    if (!origin.isConnected) origin = openerAt(active) || frame;
    origin.focus({ preventScroll: true });
  });

  function goInWindow(button, step) {
    active = Math.max(0, Math.min(order.length - 1, placeOf(button) + step));
    var top = active * height;
    frame.scrollTop = Math.max(Math.min(frame.scrollTop, top), top + height + head.offsetHeight - frame.clientHeight);
    drawWindow();
    reachable(openerAt(active));
    openerAt(active).focus({ preventScroll: true });
  }

  function goInTable(button, step) {
    var buttons = button.closest('tbody').querySelectorAll('tr:not([hidden]) .opener');
    var place = Array.prototype.indexOf.call(buttons, button) + step;
    var next = buttons[Math.max(0, Math.min(buttons.length - 1, place))];
    reachable(next);
    next.focus();
  }

  // What the paths of a table open, and where the arrow keys lead from them.
  function listen(to, entryOf, go, page) {
    to.addEventListener('click', function (event) {
      var button = event.target.closest('.opener');
      var entry = button && entryOf(button);
      if (!entry) return;
      reachable(button);
      show(entry, button);
    });
    to.addEventListener('keydown', function (event) {
      var button = event.target.closest('.opener');
      if (!button || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      var step = { ArrowUp: -1, ArrowDown: 1, PageUp: -page(), PageDown: page(), Home: -Infinity, End: Infinity }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      go(button, step);
    });
  }

  function listenInTable(to, entryOf) {
    Array.prototype.forEach.call(to.rows, function (row) {
      var button = opener();
      button.append.apply(button, row.cells[0].childNodes);
      row.cells[0].append(button);
    });
    reachable(to.querySelector('.opener'));
    listen(to, entryOf, goInTable, function () { return 10; });
  }

  var problems = document.getElementById('problem-table');
  if (problems) {
    listenInTable(problems.tBodies[0], function (button) {
      return rows.find(function (entry) { return entry.text === button.textContent; });
    });
  }
  if (frame) {
    body.addEventListener('focusin', function (event) { active = placeOf(event.target); });
    listen(body, function (button) { return order[active = placeOf(button)]; }, goInWindow, function () { return Math.max(1, Math.floor(frame.clientHeight / height) - 2); });
  } else {
    listenInTable(body, function (button) {
      var row = button.closest('tr');
      return rows.find(function (entry) { return entry.row === row; });
    });
  }
  again();
})();
`;
