// umbel's pages in a real browser: a run on drawn flowers, its report and a comparison. See README.md.
//
//   node pages.mjs [--screenshots DIR] [--report FILE] [--compare FILE] [--check FILE] [--many FILE]
//   node pages.mjs --report FILE --picture FILE.png      the top of a report, as the README shows it
//
// Without --report it draws flowers and trains on them with the program at UMBEL (default: ../target/debug/umbel).
import axe from 'axe-core';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: { screenshots: { type: 'string' }, report: { type: 'string' }, compare: { type: 'string' }, check: { type: 'string' },
    many: { type: 'string' }, picture: { type: 'string' } },
});
const umbel = resolve(process.env.UMBEL ?? join(here, '..', 'target', 'debug', 'umbel'));
const browserPath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const MOST_BYTES = 10_000_000;
const WIDTHS = [1280, 390];

const scratch = mkdtempSync(join(tmpdir(), 'umbel-e2e-'));
const screenshots = options.screenshots && resolve(options.screenshots);
if (screenshots) mkdirSync(screenshots, { recursive: true });

try {
  const pages = options.report || options.many ? options : makePages();
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
  try {
    if (options.picture) await picture(browser, resolve(pages.report), resolve(options.picture));
    else if (pages.report) await report(browser, resolve(pages.report), pages.classes);
    if (pages.compare) await compare(browser, resolve(pages.compare));
    if (pages.check) await check(browser, resolve(pages.check));
    if (pages.many) await many(browser, resolve(pages.many));
    if (pages.chinese) await chinese(browser, pages.chinese);
  } finally {
    await browser.close();
  }
  console.log('all pages hold');
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The report in Traditional Chinese: its words, and those that the script says. */
async function chinese(browser, file) {
  await inEveryLook(browser, file, 'zh', async (page) => {
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-TW');
    assert.match(await page.locator('.verdict').textContent(), /答對 .*最弱的類別：.*下一步：/);
    await page.locator('.confusion td.wrong button').first().click();
    assert.match(await page.locator('#behind h3').textContent(), /當成 .*：\d+ 張照片$/);
    await page.locator('#behind button.close', { hasText: '關閉' }).click();
    assert.ok(await page.locator('#behind').isHidden());
  });
}

async function picture(browser, file, out) {
  const page = await browser.newPage({ viewport: { width: 960, height: 560 } });
  await page.goto(pathToFileURL(file).href);
  await page.screenshot({ path: out });
}

/** Two short runs on drawn flowers, one class of which has a name that would like to be HTML. */
function makePages() {
  const run = (...args) =>
    execFileSync(umbel, args, { cwd: scratch, env: { ...process.env, UMBEL_CACHE: join(scratch, 'cache') }, stdio: ['ignore', 'ignore', 'inherit'] });
  run('demo', '--images', '150', '--epochs', '2', '--out', 'demo');
  const photos = join(scratch, 'photos');
  cpSync(join(scratch, 'demo', 'photos'), photos, { recursive: true });
  const odd = '<img src=x onerror=document.title=1>';
  cpSync(join(photos, 'roses'), join(photos, odd), { recursive: true });
  const train = ['train', photos, '--recipe', 'tutorial', '--image-size', '48', '--epochs', '3', '--val-split', '0.4'];
  // The same pictures in two classes, so that there are mistakes to show (Keras' split does not look for duplicates).
  run(...train, '--split', 'keras', '--out', 'runs/one');
  run(...train, '--split', 'keras', '--augment', 'none', '--dropout', '0', '--out', 'runs/two');
  run('compare', 'runs/one', 'runs/two', '--out', 'comparison');
  // There is something to find, the same pictures in two classes, so that it ends with 3.
  assert.throws(() => run('check', photos, '--labels', 'none', '--html', 'check.html'), { status: 3 });
  manyClasses(join(scratch, 'demo', 'photos', 'roses'), join(scratch, 'many'));
  run('train', 'many', '--recipe', 'tutorial', '--image-size', '32', '--epochs', '1', '--val-split', '0.4', '--split', 'keras', '--out', 'runs/many');
  run('report', 'runs/one', '--lang', 'zh-TW', '--out', 'zh.html');
  const [report, compare, check, many, chinese] =
    ['runs/one/report.html', 'comparison/compare.html', 'check.html', 'runs/many/report.html', 'zh.html'].map((file) => join(scratch, file));
  return { report, compare, check, many, chinese, classes: 6 };
}

/** More classes than a table shows, of a few photos each, some named in other scripts, at great length, or like HTML. */
function manyClasses(from, to) {
  const photos = readdirSync(from);
  const odd = ['玫瑰与郁金香', 'وردة حمراء', 'أزهار (7) x', 'long'.repeat(50), 'several words and more of them '.repeat(6).trim(), '<b>bold'];
  const names = [...odd, ...Array.from({ length: 36 }, (_, k) => `class ${String(k).padStart(2, '0')}`)];
  names.forEach((name, k) => {
    mkdirSync(join(to, name), { recursive: true });
    // Some have more than others, so that there are bars.
    for (let n = 0; n < 4 + (k % 3); n += 1) cpSync(join(from, photos[(5 * k + n) % photos.length]), join(to, name, `${n}.jpg`));
  });
}

async function report(browser, file, classes) {
  assert.ok(statSync(file).size < MOST_BYTES, `${file} is ${statSync(file).size} bytes`);
  assert.ok(!/<(link|iframe)|src="(?!data:)/.test(readFileSync(file, 'utf8')), 'the page loads something');
  await inEveryLook(browser, file, 'report', async (page) => {
    for (const heading of ['The data', 'How training went', 'What is taken for what', 'Class by class', 'How sure it is',
      'Photos worth a look', 'How to get this again', 'Model card']) {
      assert.equal(await page.getByRole('heading', { name: heading, level: 2 }).count(), 1, heading);
    }
    if (classes) assert.equal(await page.locator('.confusion tbody tr').count(), classes);
    assert.equal(await page.locator('svg').count(), 6);
    assert.ok(await page.locator('.samples img').count() > 0, 'no sample');
    assert.ok(await page.evaluate(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0)));
    assert.match(await page.locator('.verdict').textContent(), /^Right on \d+ of \d+ photos .* Weakest: .* Next: /);
    for (const link of await page.locator('nav a').all()) {
      assert.equal(await page.locator(await link.getAttribute('href')).count(), 1, 'the list of contents leads somewhere');
    }
    await cells(page);
    await larger(page);
  });
}

/** More classes than a table shows: the mistakes as a list, the weakest classes, and the others behind a line that opens. */
async function many(browser, file) {
  assert.ok(statSync(file).size < MOST_BYTES);
  await inEveryLook(browser, file, 'many', async (page) => {
    assert.equal(await page.locator('.confusion').count(), 0);
    const mistake = page.locator('.pairs button').first();
    await mistake.click();
    const behind = page.locator('#behind');
    assert.equal(await behind.locator('figure').count(), Number(await mistake.textContent()));
    await page.keyboard.press('Escape');
    const all = page.locator('#classes details');
    assert.equal(await all.locator('table').isVisible(), false);
    await all.locator('summary').click();
    assert.equal(await all.locator('tbody tr').count() > 30, true);
    const { height, header } = await all.locator('.tall').evaluate((box) => {
      box.scrollTop = box.scrollHeight;
      return { height: box.clientHeight, header: box.querySelector('thead th').getBoundingClientRect().top - box.getBoundingClientRect().top };
    });
    assert.ok(height < 500 && Math.abs(header) < 3, `a box of ${height} pixels, its header ${header} below the top`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${wide} pixels too wide once it is open: ${await tooWide(page)}`);
  });
}

/** Photos are shown larger, by the keyboard alone. */
async function larger(page) {
  const frame = page.locator('.gallery button.frame').first();
  await frame.focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('dialog#large').isVisible(), true);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('dialog#large').isVisible(), false);
  assert.ok(await frame.evaluate((button) => button === document.activeElement), 'the focus comes back');
}

async function check(browser, file) {
  await inEveryLook(browser, file, 'check', async (page) => {
    const photos = page.locator('figure', { has: page.locator('img') });
    assert.ok(await photos.count() > 1);
    assert.match(await photos.first().textContent(), /\d+ × \d+, \d+ kB/);
    const side = await photos.first().locator('img').evaluate((image) => image.getBoundingClientRect().width);
    assert.ok(side >= 120, `photos are large enough to compare: ${side} pixels`);
  });
}

/** What a person who does not see the page, or sees little of it, could not use. */
async function accessible(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  const told = serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`);
  assert.deepEqual(told, [], name);
}

/** The photos behind the confusion matrix, by mouse and by keyboard. */
async function cells(page) {
  const behind = page.locator('#behind');
  assert.equal(await behind.isVisible(), false);
  const wrong = page.locator('.confusion td.wrong button').first();
  await wrong.click();
  assert.equal(await behind.isVisible(), true);
  const total = Number(await wrong.textContent());
  assert.equal(await behind.locator('figure').count(), total, 'as many photos as the cell says');
  assert.equal(await behind.locator('img').count(), total);
  assert.ok(await behind.locator('img').first().evaluate((image) => image.complete && image.naturalWidth > 0));
  await page.keyboard.press('Escape');
  assert.equal(await behind.isVisible(), false);
  assert.equal(await wrong.evaluate((button) => button === document.activeElement), true, 'the focus comes back');
  const before = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
  assert.ok(await page.evaluate(() => document.activeElement.matches('.confusion button')), before);
  await page.keyboard.press('Enter');
  assert.equal(await behind.isVisible(), true, 'the keyboard opens a cell');
  await behind.getByRole('button', { name: 'Close' }).click();
  assert.equal(await behind.isVisible(), false);
}

async function compare(browser, file) {
  await inEveryLook(browser, file, 'compare', async (page) => {
    for (const heading of ['How training went', 'How good the best epochs are', 'What is more than chance', 'Over-fitting',
      'Settings that differ']) {
      assert.equal(await page.getByRole('heading', { name: heading, level: 2 }).count(), 1, heading);
    }
    assert.equal(await page.locator('svg').count(), 2);
  });
}

/** The innermost elements that reach beyond the screen and do not scroll. */
function tooWide(page) {
  return page.evaluate(() => {
    const beyond = (element) => element.getBoundingClientRect().right > window.innerWidth + 0.5 && !element.closest('.scroll');
    const all = [...document.body.querySelectorAll('*')].filter(beyond);
    const innermost = all.filter((element) => ![...element.children].some(beyond));
    return innermost.map((element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`).join('; ');
  });
}

/** Light and dark at each width, and printed: no errors, nothing from elsewhere, nothing wider than the screen. */
async function inEveryLook(browser, file, name, check) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of WIDTHS) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const complaints = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => {
        if (!/^(file|data):/.test(request.url())) complaints.push(`asks for ${request.url()}`);
      });
      await page.goto(pathToFileURL(file).href);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide at ${width}: ${await tooWide(page)}`);
      const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)');
      assert.equal(light, colorScheme === 'light');
      if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      await check(page);
      await accessible(page, name);
      if (screenshots && name === 'report') {
        const button = page.locator('.confusion td.wrong button').first();
        await button.click();
        await page.locator('section', { has: page.locator('.confusion') })
          .screenshot({ path: join(screenshots, `cell-${colorScheme}-${width}.png`) });
        await page.keyboard.press('Escape');
      }
      if (colorScheme === 'dark' && width === WIDTHS[0]) {
        await page.emulateMedia({ media: 'print' });
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(paper, 'rgb(255, 255, 255)', 'dark is not for paper');
        if (screenshots) await page.pdf({ path: join(screenshots, `${name}.pdf`), format: 'A4', printBackground: true, margin: { top: '12mm', bottom: '12mm', left: '12mm', right: '12mm' } });
      }
      assert.deepEqual(complaints, [], name);
      await context.close();
    }
  }
}
