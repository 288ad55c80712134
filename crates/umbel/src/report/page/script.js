'use strict';
(() => {
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const large = document.getElementById('large');
  if (large) {
    document.addEventListener('click', (event) => {
      const image = event.target.closest('button.frame')?.querySelector('img');
      if (!image) return;
      const shut = element('button', 'close', large.dataset.close);
      shut.type = 'button';
      large.replaceChildren(image.cloneNode(), element('p', '', image.alt), shut);
      large.showModal();
    });
    large.addEventListener('click', () => large.close());
  }

  const source = document.getElementById('photos');
  const behind = document.getElementById('behind');
  if (!source || !behind) return;
  const { classes, photos, file, words } = JSON.parse(source.textContent);
  const say = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const inPage = new Map();
  for (const image of document.querySelectorAll('img[data-photo]')) inPage.set(image.dataset.photo, image.src);
  const buttons = [...document.querySelectorAll('button[data-true]')];
  let pressed = null;

  // It rather goes on in the next line behind one of these signs than within the end of a name.
  const broken = (path) => {
    const made = element('span', 'path');
    for (const piece of path.split(/(?<=[/_-])/)) made.append(piece, element('wbr'));
    return made;
  };

  const figure = ([, , path, confidence, picture]) => {
    const made = element('figure', 'photo');
    const url = picture || inPage.get(path);
    const frame = element(url ? 'button' : 'div', 'frame');
    if (url) {
      frame.type = 'button';
      const image = element('img');
      image.alt = path;
      image.src = url;
      frame.append(image);
    } else {
      frame.classList.add('empty');
      frame.textContent = words.none;
    }
    const caption = element('figcaption');
    caption.append(element('span', '', say(words.sure, { share: (100 * confidence).toFixed(1) })), broken(path));
    made.append(frame, caption);
    return made;
  };

  const close = () => {
    behind.hidden = true;
    behind.replaceChildren();
    if (pressed) {
      pressed.setAttribute('aria-expanded', 'false');
      pressed.focus();
    }
    pressed = null;
  };

  const open = (button) => {
    const own = Number(button.dataset.true);
    const said = Number(button.dataset.said);
    const total = Number(button.textContent.replace(/\D/g, ''));
    const listed = photos.filter((photo) => photo[0] === own && photo[1] === said);
    // A name turns nothing beside it around, whichever way it is written.
    const name = (place) => `\u2068${classes[place]}\u2069`;
    const what = say(own === said ? words.recognized : words.taken, { class: name(own), other: name(said) });
    const heading = element('h3', '', say(total === 1 ? words.behindOne : words.behind, { what, number: total }));
    const shut = element('button', 'close', large.dataset.close);
    shut.type = 'button';
    shut.addEventListener('click', close);
    const head = element('div', 'head');
    head.append(heading, shut);
    const gallery = element('div', 'gallery');
    gallery.append(...listed.map(figure));
    behind.replaceChildren(head, gallery);
    if (total > listed.length) {
      behind.append(element('p', 'note', say(words.more, { number: total - listed.length, file })));
    }
    behind.hidden = false;
    if (pressed) pressed.setAttribute('aria-expanded', 'false');
    pressed = button;
    button.setAttribute('aria-expanded', 'true');
    behind.focus({ preventScroll: true });
    behind.scrollIntoView({ block: 'nearest', behavior: 'auto' });
  };

  // Arrow keys walk over the table, as the numbers lie.
  const walk = (button, right, down) => {
    const cell = button.closest('td');
    const rows = [...cell.closest('tbody').rows];
    let row = rows.indexOf(cell.parentElement);
    let column = cell.cellIndex;
    for (;;) {
      row += down;
      column += right;
      const next = rows[row] && rows[row].cells[column];
      if (!next) return;
      const found = next.querySelector('button');
      if (found) return found.focus();
    }
  };

  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  for (const button of buttons) {
    button.setAttribute('aria-expanded', 'false');
    button.setAttribute('aria-controls', 'behind');
    button.addEventListener('click', () => (pressed === button ? close() : open(button)));
    button.addEventListener('keydown', (event) => {
      const way = ways[event.key];
      if (!way) return;
      event.preventDefault();
      walk(button, ...way);
    });
  }
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && pressed && !large?.open) close();
  });
})();
