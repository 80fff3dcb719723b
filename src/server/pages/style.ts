/**
 * The one style sheet. Logical properties throughout, so that right-to-left needs nothing more; colours are
 * variables with a light and a dark set; text colours keep 4.5:1 on their grounds, edges of controls 3:1 (WCAG AA).
 */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7;
  --card: #ffffff;
  --ink: #1b2330;
  --soft: #566072;
  --line: #dde1e8;
  --edge: #858e9d;
  --accent: #1f5fbf;
  --accent-ink: #ffffff;
  --accent-wash: #e8f0fc;
  --bad: #a3231d;
  --bad-wash: #fdeeec;
  --warn: #7a4b00;
  --warn-wash: #fdf4e0;
  --good: #1a6a3d;
  --good-wash: #e9f6ee;
  --shadow: 0 1px 2px rgb(20 30 50 / .06), 0 8px 28px rgb(20 30 50 / .07);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151c;
    --card: #1a202a;
    --ink: #e9edf3;
    --soft: #a6b0c0;
    --line: #2d3644;
    --edge: #6f7b8e;
    --accent: #8ab8ff;
    --accent-ink: #0d1a2e;
    --accent-wash: #1d2b42;
    --bad: #ffaaa2;
    --bad-wash: #391d1d;
    --warn: #f2c879;
    --warn-wash: #33290f;
    --good: #8fd9ac;
    --good-wash: #16301f;
    --shadow: 0 1px 2px rgb(0 0 0 / .4);
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-block-size: 100vh;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, p, ul, dl, dd { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 1.0625rem; line-height: 1.35; font-weight: 650; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; inset-inline-start: -999rem; }
.skip:focus { inset-inline-start: 1rem; inset-block-start: 1rem; padding: .5rem 1rem; background: var(--card); z-index: 1; }

.brand { display: flex; align-items: center; gap: .625rem; font-weight: 600; color: var(--soft); }
.brand svg { inline-size: 1.5rem; block-size: 1.5rem; color: var(--accent); flex: none; }

.brand .logo { max-block-size: 2rem; max-inline-size: 10rem; object-fit: contain; flex: none; }
.links { display: flex; flex-wrap: wrap; gap: .375rem 1.25rem; margin-block-start: 1.5rem; padding-inline: .25rem; font-size: .875rem; }
.links a { color: var(--soft); }

.narrow { max-inline-size: 29rem; margin-inline: auto; padding: 12vh 1rem 3rem; }
.wide { max-inline-size: 50rem; margin-inline: auto; padding: 2.5rem 1rem 4rem; }
.narrow .brand { margin-block-end: 1.25rem; padding-inline: .25rem; }
.wide .brand { margin-block-end: 1.75rem; }
.card {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .875rem;
  box-shadow: var(--shadow);
  padding: 1.75rem;
}
.card + .card { margin-block-start: 1.25rem; }
.lead { color: var(--soft); margin-block-start: .375rem; }
.small { font-size: .875rem; color: var(--soft); }
h2 + .small, h1 + .small { margin-block-start: .25rem; }
.rows + .actions:not(:empty) { border-block-start: 1px solid var(--line); margin-block-start: 1rem; padding-block-start: 1.25rem; }
.after { margin-block-start: 1rem; }
h1 + .notice, .lead + .notice { margin-block-start: 1.25rem; }

.notice { border-inline-start: 4px solid var(--edge); background: var(--ground); border-radius: .5rem; padding: .875rem 1rem; }
.notice strong { display: block; font-weight: 650; }
.notice strong + p { margin-block-start: .125rem; }
.notice > a { font-weight: 550; }
.notice.bad { border-color: var(--bad); background: var(--bad-wash); }
.notice.bad strong { color: var(--bad); }
.notice.warn { border-color: var(--warn); background: var(--warn-wash); }
.notice.warn strong { color: var(--warn); }
.notice.good { border-color: var(--good); background: var(--good-wash); color: var(--good); }
.notice + .notice, .notice + .card, .card + .notice { margin-block-start: 1.25rem; }
.facts { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: baseline; gap: .125rem .5rem; margin-block: .875rem; font-size: .8125rem; }
.facts dt { color: var(--soft); }
.facts dd { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .71875rem; line-height: 1.7; }

.button {
  display: inline-flex; align-items: center; justify-content: center;
  min-block-size: 2.75rem; padding: .5rem 1.125rem;
  border: 1px solid var(--edge); border-radius: .625rem;
  background: var(--card); color: var(--ink);
  font: inherit; font-weight: 550; text-decoration: none; text-align: center; cursor: pointer;
  transition: background-color .12s ease, border-color .12s ease;
}
.button:hover { background: var(--accent-wash); border-color: var(--accent); }
.button.main { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
.button.main:hover { filter: brightness(1.08); }
.button:active, .provider:active { transform: translateY(1px); }
.button.quiet { min-block-size: 2.25rem; padding: .25rem .875rem; font-size: .9375rem; }
.button.danger { color: var(--bad); }
.button.danger:hover { background: var(--bad-wash); border-color: var(--bad); }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-block-start: 1.25rem; }

.choice { border: 0; margin: 0; padding: 0; min-inline-size: 0; }
.choice legend { padding: 0; color: var(--soft); font-size: .9375rem; }
.choice .actions { margin-block-start: .625rem; }

.providers { display: grid; gap: .75rem; margin-block-start: 1.5rem; }
.provider {
  display: grid; grid-template-columns: 2rem 1fr; align-items: center; column-gap: .875rem;
  min-block-size: 3.25rem; padding: .625rem 1rem;
  border: 1px solid var(--edge); border-radius: .625rem;
  color: var(--ink); font-weight: 550; text-decoration: none;
  transition: background-color .12s ease, border-color .12s ease;
}
.provider:hover { background: var(--accent-wash); border-color: var(--accent); }
.provider .icon {
  inline-size: 2rem; block-size: 2rem; border-radius: .5rem;
  display: grid; place-items: center; background: var(--accent-wash); color: var(--accent);
  font-weight: 700; object-fit: contain;
}
.provider img.icon { background: #fff; border: 1px solid var(--line); padding: .3125rem; }
.provider .words { display: grid; line-height: 1.4; }
.provider .tint-1 { background: var(--good-wash); color: var(--good); }
.provider .tint-2 { background: var(--warn-wash); color: var(--warn); }
.provider .tint-3 { background: var(--ground); color: var(--soft); }
.provider .health { font-size: .875rem; font-weight: 400; color: var(--warn); }
.provider .last { font-size: .875rem; font-weight: 400; color: var(--soft); }
.provider.troubled { border-style: dashed; }

.person { display: flex; align-items: center; gap: 1rem; }
.me { display: flex; flex-wrap: wrap; align-items: center; gap: 1.25rem; }
.me .person { flex: 1 1 20rem; min-inline-size: 0; }
.me > .actions { margin-block-start: 0; }
.portrait {
  flex: none; inline-size: 3.5rem; block-size: 3.5rem; border-radius: 50%;
  display: grid; place-items: center; background: var(--accent-wash); color: var(--accent);
  font-size: 1.25rem; font-weight: 650; object-fit: cover;
}
.person > div { min-inline-size: 0; flex: 1; }
.badge {
  display: inline-block; padding: .0625rem .5625rem; border-radius: 999px;
  background: var(--accent-wash); color: var(--accent); font-size: .8125rem; font-weight: 600; white-space: nowrap;
}
.badge.good { background: var(--good-wash); color: var(--good); }
.badge.warn { background: var(--warn-wash); color: var(--warn); }
.explained { display: grid; gap: 1rem; margin-block-start: 1rem; }
.explained dt { font-size: .875rem; color: var(--soft); margin-block-end: .25rem; }
.explained li + li { margin-block-start: .375rem; }

.rows { margin-block-start: 1rem; border-block-start: 1px solid var(--line); }
.rows > li { display: flex; align-items: center; gap: 1rem; padding-block: 1rem; border-block-end: 1px solid var(--line); }
.rows > li:last-child { border-block-end: 0; padding-block-end: 0; }
.rows > li > div { flex: 1; min-inline-size: 0; }
.rows > li > div:only-child { padding-inline-end: 4.875rem; }
.rows .name { font-weight: 600; display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .625rem; }
.rows form { flex: none; }
.details { font-size: .875rem; color: var(--soft); display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: .125rem 1rem; margin-block-start: .25rem; }

.details.lines { grid-template-columns: minmax(0, 1fr); }

.places ul { display: flex; flex-wrap: wrap; gap: .25rem; margin-block-end: 1.25rem; }
.places a { display: block; padding: .375rem .875rem; border-radius: .5rem; text-decoration: none; color: var(--soft); font-weight: 550; }
.places a:hover { background: var(--accent-wash); color: var(--accent); }
.places a[aria-current] { background: var(--card); color: var(--ink); box-shadow: inset 0 0 0 1px var(--line); }
.fields { display: flex; flex-wrap: wrap; align-items: end; gap: 1rem; margin-block-start: 1.25rem; }
.fields > div { flex: 1 1 14rem; min-inline-size: 0; }
.fields > .whole { flex-basis: 100%; }
.fields label { display: block; font-size: .875rem; color: var(--soft); margin-block-end: .25rem; }
.fields input, .fields select, .fields textarea {
  inline-size: 100%; min-block-size: 2.75rem; padding: .5rem .75rem;
  border: 1px solid var(--edge); border-radius: .625rem; background: var(--card); color: var(--ink); font: inherit;
}
.fields textarea { display: block; font: .875rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; resize: vertical; }
.fields + .small { margin-block-start: .5rem; }
.fields input + .small, .fields textarea + .small { margin-block-start: .25rem; }
.fields [aria-invalid] { border-color: var(--bad); }
strong.bad { color: var(--bad); font-weight: 550; }
.fields:has(> div > .small) { align-items: start; }
.more { border-block: 1px solid var(--line); padding-block: .75rem; }
.more summary { cursor: pointer; font-weight: 550; color: var(--accent); min-block-size: 1.5rem; }
fieldset { border: 0; margin: 0; padding: 0; min-inline-size: 0; }
fieldset legend { padding: 0; font-weight: 600; }
.checks { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin-block: .5rem .25rem; }
.fields .checks label { display: inline-flex; align-items: center; gap: .5rem; min-block-size: 2rem; margin: 0; font-size: 1rem; color: var(--ink); }
.fields .checks input { inline-size: 1.25rem; block-size: 1.25rem; min-block-size: 0; margin: 0; padding: 0; accent-color: var(--accent); }
.copy {
  display: block; padding: .5rem .75rem; border-radius: .5rem; background: var(--ground);
  font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; user-select: all; -webkit-user-select: all;
}
.pairs { display: grid; gap: .75rem; margin-block-start: 1rem; }
.pairs > div { display: grid; grid-template-columns: minmax(0, 11rem) minmax(0, 1fr); gap: .125rem 1rem; align-items: baseline; }
.pairs + .small { margin-block-start: 1.25rem; }
.pairs dt { font-size: .875rem; color: var(--soft); }
.side { display: flex; gap: .5rem; }
.rows > li > .side { flex: none; }

@media (max-width: 30rem) {
  .narrow { padding-block-start: 1.5rem; }
  .wide { padding-block-start: 1.5rem; }
  .card { padding: 1.25rem; }
  .rows > li { flex-direction: column; align-items: stretch; gap: .625rem; }
  .me > .actions { flex: 1 1 100%; }
  .person { align-items: flex-start; }
  .person h1 { font-size: 1.25rem; }
  .portrait { inline-size: 2.75rem; block-size: 2.75rem; font-size: 1rem; }
  .rows > li > div:only-child { padding-inline-end: 0; }
  .pairs > div { grid-template-columns: minmax(0, 1fr); }
  .rows .side > * { flex: 1 1 0; }
  .actions > *, .actions .button, .rows .button { inline-size: 100%; }
}
@media (prefers-reduced-motion: reduce) {
  * { transition: none !important; animation: none !important; scroll-behavior: auto !important; }
}
@media (forced-colors: active) {
  .badge, .portrait, .provider .icon { border: 1px solid; }
}
`;
