/// `/style.css`: system fonts and colours of either scheme, with a contrast of at least 7 to 1 for text.
///
/// A narrow window turns each row of a table into a block whose cells say what they are by themselves.
enum StyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --text: #1c1c1e; --ground: #ffffff; --quiet: #4a4a50; --line: #c8c8ce; --band: #f3f3f6;
          --link: #0b4a94; --bar: #2f6fb5; --broken: #8f1414; --edge: #76767d;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --text: #ececf0; --ground: #17171a; --quiet: #b8b8c0; --line: #45454c; --band: #202025;
            --link: #9cc6ff; --bar: #6aa5e8; --broken: #ffb3ad; --edge: #8e8e97;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 1rem; max-width: 75rem;
          font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground);
        }
        h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; margin-top: 2rem; }
        h3 { font-size: 1rem; margin: 1rem 0 0.3rem; }
        a { color: var(--link); }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .skip { position: absolute; left: -100rem; }
        .skip:focus { position: static; }
        .quiet, .axis { color: var(--quiet); }
        .failing td:first-of-type, .broken td:nth-of-type(2) { color: var(--broken); font-weight: bold; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
        dt { color: var(--quiet); }
        dd { margin: 0; overflow-wrap: anywhere; }
        table { border-collapse: collapse; width: 100%; }
        caption { text-align: start; color: var(--quiet); padding-block: 0.3rem; }
        th, td {
          text-align: start; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line);
        }
        thead th { background: var(--band); white-space: nowrap; }
        tbody th { font-weight: normal; overflow-wrap: anywhere; min-width: 17rem; }
        tbody td { overflow-wrap: break-word; }
        tbody tr:hover { background: var(--band); }
        time { white-space: nowrap; }
        .number { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .digest, code { font-family: ui-monospace, monospace; font-size: 0.85rem; overflow-wrap: anywhere; }
        .digest { max-width: 20rem; }
        progress { width: 4rem; margin-inline-end: 0.5rem; accent-color: var(--bar); }
        pre { padding: 0.6rem; background: var(--band); border: 1px solid var(--line); white-space: pre-wrap; }
        .copied { user-select: all; }
        .charts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 1.5rem; }
        .charts h3, .charts details { grid-column: 1 / -1; }
        figure { margin: 0; }
        figcaption { min-height: 3rem; }
        .title { font-weight: bold; }
        svg { display: block; width: 100%; height: 5rem; border-bottom: 1px solid var(--edge); }
        path { fill: var(--bar); }
        .axis { display: flex; justify-content: space-between; margin: 0; font-size: 0.85rem; }
        summary { cursor: pointer; padding-block: 0.4rem; }
        form { display: flex; flex-wrap: wrap; gap: 0.5rem 0.8rem; align-items: center; }
        input, select, button {
          font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--edge);
          border-radius: 4px; padding: 0.3rem 0.6rem; min-height: 2.2rem; max-width: 100%;
        }
        select { max-width: min(100%, 16rem); }
        input[type=search] { flex: 1 1 12rem; }
        input[type=number] { width: 8rem; }
        button { background: var(--band); cursor: pointer; }
        nav { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; align-items: center; margin-top: 0.8rem; }
        nav ul { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; list-style: none; padding: 0; margin: 0; }
        footer { margin-top: 2rem; color: var(--quiet); font-size: 0.9rem; }
        @media (max-width: 48rem) {
          dl { grid-template-columns: 1fr; gap: 0; }
          dd { margin-bottom: 0.5rem; }
          .charts { grid-template-columns: 1fr; gap: 0.8rem; }
          figcaption { min-height: 0; }
          thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          table, tbody, tr, th, td, caption { display: block; }
          tr { padding-block: 0.5rem; border-bottom: 1px solid var(--line); }
          th, td { border: 0; padding: 0.05rem 0; min-width: 0; }
          tbody td { display: inline-block; margin-inline-end: 1rem; max-width: 100%; }
          td::before { content: attr(data-label) ": "; color: var(--quiet); }
          tbody .digest { display: block; max-width: none; }
          label { flex: 1 1 100%; }
        }
        @media (forced-colors: active) {
          path { fill: CanvasText; }
        }

        """
}
