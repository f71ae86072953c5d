/// `/style.css`: system fonts and colours of either scheme, with a contrast of at least 7 to 1 for text.
enum StyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --text: #1c1c1e; --ground: #ffffff; --quiet: #4a4a50; --line: #c8c8ce; --band: #f3f3f6;
          --link: #0b4a94;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --text: #ececf0; --ground: #17171a; --quiet: #b8b8c0; --line: #45454c; --band: #202025;
            --link: #9cc6ff;
          }
        }
        body {
          margin: 0 auto; padding: 1rem; max-width: 75rem;
          font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground);
        }
        h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; margin-top: 2rem; }
        a { color: var(--link); }
        a:focus-visible { outline: 3px solid currentcolor; outline-offset: 2px; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
        dt { color: var(--quiet); }
        dd { margin: 0; }
        section { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        caption { text-align: start; color: var(--quiet); padding-block: 0.3rem; }
        th, td { text-align: start; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); }
        thead th { background: var(--band); }
        tbody th { font-weight: normal; overflow-wrap: anywhere; }
        tbody tr:hover { background: var(--band); }
        .number { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .digest { font-family: ui-monospace, monospace; font-size: 0.8rem; overflow-wrap: anywhere; }
        progress { width: 6rem; margin-inline-end: 0.5rem; }
        footer { margin-top: 2rem; color: var(--quiet); font-size: 0.9rem; }

        """
}
