/// `/style.css`: one style sheet for all pages, system fonts, no pictures, colours of either scheme. Text has a contrast of
/// at least 4.5 to 1, marks and borders of controls of at least 3 to 1 (WCAG 2).
///
/// A narrow window turns each row of a table of the class `stack` into a block whose cells say what they are by themselves.
enum StyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --ground: #ffffff; --raised: #f7f8f9; --sunken: #eff1f3;
          --text: #1a1d21; --quiet: #575e67; --line: #e2e5e9; --edge: #858d97;
          --link: #1a5fb4; --mark: #4580ca; --track: #e3e8ee;
          --good: #187a3f; --good-ground: #e7f4ec;
          --warn: #8a5700; --warn-ground: #fbf1da;
          --bad: #b3261e; --bad-ground: #fcebea;
          --mono: ui-monospace, "SFMono-Regular", "Cascadia Mono", "Liberation Mono", monospace;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #131518; --raised: #1a1d21; --sunken: #22262b;
            --text: #e6e8eb; --quiet: #a2aab4; --line: #2c3137; --edge: #6f7883;
            --link: #8cbcf7; --mark: #5c95dc; --track: #2a3038;
            --good: #5bc388; --good-ground: #16291f;
            --warn: #e2b04c; --warn-ground: #2c2412;
            --bad: #f28b82; --bad-ground: #331c1b;
          }
        }
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1rem; }
        body {
          margin: 0 auto; padding: 0 1.5rem 2.5rem; max-width: 78rem;
          font: 0.9375rem/1.45 system-ui, sans-serif; color: var(--text); background: var(--ground);
          font-variant-numeric: tabular-nums;
        }
        h1, h2, h3, p, ul, ol, dl, dd, table { margin: 0; padding: 0; }
        ul, ol { list-style: none; }
        h2 { font-size: 1rem; font-weight: 600; }
        h3 { font-size: 0.9375rem; font-weight: 600; }
        a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 0.15em; }
        a:hover { text-decoration-thickness: 2px; }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
        small, .quiet { color: var(--quiet); font-size: 0.8125rem; }
        time { white-space: nowrap; }
        code { font-family: var(--mono); font-size: 0.8125rem; }
        svg.i { width: 1.125rem; height: 1.125rem; flex: none; fill: currentColor; }
        .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
        .wait { color: var(--quiet); }
        .unseen {
          position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
          white-space: nowrap;
        }
        .skip { position: absolute; left: -100rem; padding: 0.4rem 0.8rem; background: var(--ground); }
        .skip:focus { left: 0; z-index: 1; }

        .top {
          display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.5rem; padding: 0.75rem 0;
        }
        .brand {
          display: flex; align-items: center; gap: 0.4rem; font-weight: 600; color: inherit;
          text-decoration: none; overflow-wrap: anywhere; min-width: 0;
        }
        .brand svg { width: 1.25rem; height: 1.25rem; flex: none; fill: var(--mark); }
        .top ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
        .top nav a { color: var(--quiet); text-decoration: none; padding-block: 0.25rem; }
        .top nav a:hover { color: var(--text); text-decoration: underline; }
        .top p { margin-inline-start: auto; }

        .hero { border: 1px solid var(--line); border-radius: 12px; background: var(--raised); overflow: hidden; }
        .verdict { display: flex; align-items: flex-start; gap: 1rem; padding: 0.95rem 1.5rem; color: inherit; }
        .verdict.good { background: var(--good-ground); }
        .verdict.bad { background: var(--bad-ground); }
        .verdict.warn { background: var(--warn-ground); }
        .big { width: 2.5rem; height: 2.5rem; flex: none; fill: currentColor; }
        .big.wait { color: var(--mark); }
        .verdict h1 {
          font-size: 1.375rem; font-weight: 600; line-height: 1.25; letter-spacing: -0.01em;
          color: var(--text); overflow-wrap: anywhere;
        }
        .verdict p { color: var(--quiet); margin-top: 0.15rem; overflow-wrap: anywhere; }
        .verdict div { flex: 1; min-width: 0; }
        .figures {
          display: grid; grid-template-columns: repeat(4, 1fr); border-top: 1px solid var(--line);
          background: var(--ground);
        }
        .figures > div {
          padding: 0.85rem 1.5rem 0.95rem; border-inline-start: 1px solid var(--line); min-width: 0;
        }
        .figures > div:first-child { border: 0; }
        .figures dt { color: var(--quiet); font-size: 0.8125rem; }
        .figures strong {
          display: block; color: var(--text); font-size: 1.625rem; font-weight: 600; line-height: 1.3;
          letter-spacing: -0.015em;
        }
        .figures strong span { font-size: 0.9375rem; font-weight: 400; letter-spacing: 0; color: var(--quiet); }
        .figures span { white-space: nowrap; }
        .figures dd { font-size: 0.8125rem; color: var(--quiet); overflow-wrap: anywhere; }

        .problems { border-top: 1px solid var(--line); background: var(--ground); }
        .problems li {
          display: grid; grid-template-columns: auto 1fr; gap: 0 0.85rem; padding: 0.8rem 1.5rem;
          border-top: 1px solid var(--line);
        }
        .problems li:first-child { border: 0; }
        .problems svg { margin-top: 0.45rem; }
        .problems div {
          display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 27rem); gap: 0.15rem 2rem;
          align-items: start;
        }
        .problems strong { font-weight: 600; }
        .problems p { overflow-wrap: anywhere; padding-top: 0.35rem; }
        .problems p span { color: var(--quiet); }

        .cmd {
          display: block; font-size: 0.78125rem; padding: 0.4rem 0.65rem; border: 1px solid var(--line);
          border-radius: 6px; background: var(--sunken); white-space: pre-wrap; overflow-wrap: anywhere;
          user-select: all; line-height: 1.5;
        }
        .digest { user-select: all; }

        .row { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.75rem 3rem; margin-top: 1.4rem; }
        .two { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
        .three { grid-template-columns: minmax(0, 8fr) minmax(0, 5fr) minmax(0, 4fr); }
        .head {
          display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between;
          gap: 0.1rem 1rem; padding-bottom: 0.4rem;
        }
        .row .head { border-bottom: 1px solid var(--line); }

        table { width: 100%; border-collapse: collapse; }
        th, td {
          padding: 0.42rem 0.75rem 0.42rem 0; text-align: start; vertical-align: top;
          border-bottom: 1px solid var(--line); font-weight: 400;
        }
        th:last-child, td:last-child { padding-inline-end: 0; }
        thead th { color: var(--quiet); font-size: 0.8125rem; white-space: nowrap; }
        thead a { color: inherit; text-decoration: underline; text-decoration-color: var(--edge); }
        thead [aria-sort$="ending"] a { color: var(--text); font-weight: 600; text-decoration: none; }
        tbody th { overflow-wrap: anywhere; }
        .n { text-align: end; white-space: nowrap; }
        .nowrap { white-space: nowrap; }
        .n + td, .n + th { padding-inline-start: 0.75rem; }

        .checks th { width: 8.5rem; white-space: nowrap; }
        .checks th > span { display: flex; gap: 0.6rem; align-items: center; color: var(--text); }
        .checks th, .checks td { padding-block: 0.36rem; }
        .checks tr:last-child > * { border-bottom: 0; }
        .checks td { overflow-wrap: anywhere; }
        .dirs small { display: block; }
        .dirs td small { color: inherit; }
        .dirs tbody th { overflow-wrap: anywhere; width: 36%; }
        .dirs tbody td:nth-child(2) { overflow-wrap: anywhere; }
        .dirs tr:last-child > * { border-bottom: 0; }
        .dirs td, .dirs th { padding-block: 0.5rem; }
        progress {
          appearance: none; width: 100%; height: 0.375rem; border: 0; border-radius: 3px;
          background: var(--track); overflow: hidden; display: block; margin-top: 0.3rem;
        }
        progress::-webkit-progress-bar { background: var(--track); }
        progress::-webkit-progress-value { background: var(--mark); }
        progress::-moz-progress-bar { background: var(--mark); }

        .plot { position: relative; margin-top: 0.6rem; }
        .plot svg {
          display: block; width: 100%; height: 8.25rem; border-top: 1px dashed var(--line);
          border-bottom: 1px solid var(--edge);
        }
        .plot > small {
          position: absolute; top: 0.1rem; left: 0; background: var(--ground); padding-inline-end: 0.4rem;
        }
        .plot path { fill: var(--mark); }
        .axis {
          display: flex; justify-content: space-between; color: var(--quiet); font-size: 0.75rem;
          padding-top: 0.15rem;
        }
        .rank li {
          display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.75rem; padding: 0.4rem 0 0.1rem;
        }
        .rank li > :first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .rank svg {
          grid-column: 1 / -1; width: 100%; height: 0.25rem; margin-top: 0.25rem; background: var(--track);
          border-radius: 2px;
        }
        .rank rect { fill: var(--mark); }

        .more { margin-top: 1.4rem; border-top: 1px solid var(--line); }
        .more:empty { border: 0; }
        .more details { border-bottom: 1px solid var(--line); }
        summary { cursor: pointer; padding: 0.6rem 0; }
        summary h2 { display: inline; font-size: inherit; font-weight: 400; }
        summary:hover { color: var(--link); }
        summary small { margin-inline-start: 0.5rem; }
        .row summary { color: var(--quiet); font-size: 0.8125rem; padding: 0.35rem 0; }
        .how {
          display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
          gap: 1.25rem 2.5rem; padding: 0.7rem 0 1.4rem;
        }
        .how > * { display: grid; gap: 0.4rem; align-content: start; }
        .how h3:not(:first-child) { margin-top: 0.9rem; }
        .how .cmd + p { margin-top: 0.5rem; }
        .how p { color: var(--quiet); overflow-wrap: anywhere; }
        .steps { padding: 1.1rem 1.5rem 1.5rem; background: var(--ground); border-top: 1px solid var(--line); }
        @media (min-width: 64rem) { .steps { grid-template-columns: 1fr 1.2fr 1fr; } }
        .lone { padding-top: 0.75rem; color: var(--quiet); }
        .strip { display: flex; gap: 0.5rem; align-items: center; padding: 0.5rem 0; }

        .files { margin-top: 1.6rem; }
        .files .head > :first-child { font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
        .row .files { margin-top: 0; }
        .row .files .head > :first-child { font-size: 1rem; }
        form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; }
        form > div { display: grid; gap: 0.15rem; min-width: 0; max-width: 18rem; }
        label { color: var(--quiet); font-size: 0.8125rem; }
        input, select, button, .button {
          font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--edge);
          border-radius: 6px; padding: 0.3rem 0.65rem; min-height: 2.25rem; max-width: 100%;
        }
        form > .wide { flex: 1 1 16rem; max-width: none; }
        .wide input { width: 100%; }
        button, .button {
          background: var(--sunken); cursor: pointer; text-decoration: none; display: inline-flex;
          align-items: center;
        }
        button:hover, .button:hover { border-color: var(--text); }
        .list { margin-top: 0.75rem; }
        .list tbody tr:hover { background: var(--raised); }
        .list th:nth-child(n+2), .list td { width: 1%; padding-inline-end: 1.5rem; white-space: nowrap; }
        .list .n + td, .list .n + th { padding-inline-start: 0; }
        .list tbody a, .rank a { text-decoration: none; }
        .list tbody a:hover, .rank a:hover { text-decoration: underline; }
        .list .digest {
          display: block; width: 14ch; color: var(--quiet); overflow: hidden; text-overflow: ellipsis;
          white-space: nowrap; line-height: 1.6;
        }
        .pages {
          display: flex; flex-wrap: wrap; gap: 0.75rem 1.25rem; align-items: center;
          justify-content: space-between; margin-top: 1rem;
        }
        .pages ul { display: flex; flex-wrap: wrap; gap: 0.5rem 1.1rem; }
        .pages input { width: 5.5rem; }
        .pages form { align-items: center; }

        .id {
          display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; align-items: baseline; padding: 0.7rem 1.5rem;
          border-top: 1px solid var(--line); background: var(--ground);
        }
        .id .digest { overflow-wrap: anywhere; }
        .crumb { padding: 0.25rem 0 0.6rem; }

        footer {
          margin-top: 2.5rem; padding-top: 0.8rem; border-top: 1px solid var(--line); color: var(--quiet);
          font-size: 0.8125rem; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem;
          justify-content: space-between;
        }

        @media (max-width: 64rem) {
          .two { grid-template-columns: minmax(0, 1fr); }
          .three { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
          .three > :first-child { grid-column: 1 / -1; }
          .problems div { grid-template-columns: minmax(0, 1fr); gap: 0.45rem; }
        }
        @media (max-width: 56rem) {
          .figures { grid-template-columns: 1fr 1fr; }
          .figures > div { border-top: 1px solid var(--line); }
          .figures > div:nth-child(-n+2) { border-top: 0; }
          .figures > div:nth-child(odd) { border-inline-start: 0; }
        }
        @media (max-width: 48rem) {
          body { padding-inline: 1rem; }
          .top p { margin: 0; flex-basis: 100%; }
          .figures > div { padding: 0.7rem 1rem; }
          .figures strong { font-size: 1.375rem; }
          .figures strong span { font-size: 0.8125rem; }
          .figures span { white-space: normal; }
          .how { grid-template-columns: minmax(0, 1fr); }
          .verdict, .problems li, .steps { padding-inline: 1rem; }
          .big { width: 2rem; height: 2rem; }
          .verdict h1 { font-size: 1.2rem; }
          .three { grid-template-columns: minmax(0, 1fr); }
          .id { padding-inline: 1rem; }
          .stack thead {
            position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
          }
          .stack, .stack tbody, .stack tr, .stack th, .stack td { display: block; }
          .stack tr { padding: 0.55rem 0; border-bottom: 1px solid var(--line); }
          .stack th, .stack td { border: 0; padding: 0; text-align: start; overflow-wrap: anywhere; }
          .stack td { display: inline; color: var(--quiet); font-size: 0.8125rem; }
          .stack td.warn { color: var(--warn); }
          .stack td.bad { color: var(--bad); }
          .stack td + td::before { content: " · "; color: var(--quiet); }
          .stack td + td[data-label]::before { content: " · " attr(data-label) " "; }
          .stack td[data-unit]::after { content: " " attr(data-unit); }
          .stack td small { display: inline; }
          .stack td small::before { content: ", "; }
          .stack .none { display: none; }
          .stack .nowrap { white-space: normal; }
          .dirs.stack th { width: auto; }
          .list.stack th, .list.stack td { width: auto; padding: 0; white-space: normal; }
          .list.stack .digest { display: inline-block; vertical-align: bottom; }
          .wide { flex-basis: 100%; }
        }
        @media (prefers-contrast: more) {
          :root { --line: var(--edge); --quiet: var(--text); }
        }
        @media (forced-colors: active) {
          .plot path, .rank rect { fill: CanvasText; }
          .rank svg, progress { border: 1px solid CanvasText; }
        }
        @media print {
          nav, form, .skip, .pages { display: none; }
          body { max-width: none; }
        }

        """
}
