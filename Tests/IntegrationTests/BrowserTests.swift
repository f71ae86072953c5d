import Glibc
import PassimCore
import PassimTestKit
import Testing

/// The page in Chromium.
@Suite(.enabled(if: Browser.isPossible, Comment(rawValue: Browser.requirement)), .timeLimit(.minutes(10)))
struct BrowserTests {
    let site: DaemonSite

    init() throws {
        site = try DaemonSite()
    }

    private func start() throws -> (DaemonProcess, address: String) {
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        return (daemon, "https://localhost:\(daemon.port)")
    }

    private static let rows = "document.querySelectorAll('table.list tbody tr').length"
    private static let firstName = "document.querySelector('table.list tbody th').innerText"
    private static let caption = "document.querySelector('table.list caption').innerText"
    private static let currentPage = "document.querySelector('[aria-current=page]').innerText"
    /// Whether anything is wider than the window.
    private static let overflow =
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    private static let background = "getComputedStyle(document.body).backgroundColor"

    @Test func filesAreSearchedSortedPagedAndLookedAtWithoutScripts() throws {
        for number in 0..<250 {
            let name = "vendor-\(number % 5)/firmware-\(1000 + number).cab"
            try site.put(name, String(repeating: "x", count: number + 1))
        }
        let (daemon, address) = try start()
        let last = Digest(of: String(repeating: "x", count: 250))
        let results = try Browser.run([
            .scripts(false),
            .open(address),
            .evaluate(Self.rows),
            .type("FIRMWARE-11", into: "#q"),
            .enter,
            .evaluate(Self.rows),
            .evaluate("document.querySelector('#q').value"),
            .follow("thead a[href*='sort=-size']"),
            .evaluate(Self.firstName),
            .follow("thead a[href*='sort=size']"),
            .evaluate(Self.firstName),
            .open(address + "/?sort=-size"),
            .evaluate(Self.currentPage),
            .follow("nav a[href*='page=5']"),
            .evaluate(Self.caption),
            .evaluate(Self.currentPage),
            .open(address + "/?sort=-size"),
            .follow("table.list th a[href^='/items/']"),
            .evaluate("document.querySelector('h1').innerText"),
            .evaluate("document.querySelector('.id code').innerText"),
            .evaluate("document.querySelector('.cmd').innerText"),
            .complaints,
        ])
        #expect(results[2] == "50")
        #expect(results[5] == "50")
        #expect(results[6] == "FIRMWARE-11")
        #expect(results[8].hasPrefix("vendor-4/firmware-1199.cab"))
        #expect(results[10].hasPrefix("vendor-0/firmware-1100.cab"))
        #expect(results[12] == "Page 1 of 5")
        #expect(results[14] == "Files 201 to 250 of 250, biggest first")
        #expect(results[15] == "Page 5 of 5")
        #expect(results[18] == "firmware-1249.cab")
        #expect(results[19] == last.hex)
        #expect(results[20].contains(":\(daemon.port)/firmware-1249.cab?sha256=\(last.hex)"))
        #expect(results[21] == "")
    }

    @Test func namesThatTryToBeMarkupAreText() throws {
        let names = [
            "<script>alert(1)<b>", "<img src=x onerror=alert(2)>", "\"><svg onload=alert(3)>",
            "' onfocus='alert(4)",
            "javascript:alert(5)", "&lt;b&gt;", "]]><!--",
        ]
        for name in names { try site.put("x-" + name, name) }
        let (daemon, address) = try start()
        #expect(daemon.isRunning)
        var steps: [Browser.Step] = [
            .open(address + "/?q=%22%3E%3Cscript%3Ealert(6)%3C/script%3E"),
            .evaluate("document.querySelector('#q').value"),
            .open(address + "/?sort=name"),
            .evaluate(
                "[...document.querySelectorAll('table.list tbody th')].map(e => e.innerText.trim()).join('\\n')"
            ),
            .evaluate("document.querySelectorAll('script, img, b, [onload], [onerror], [onfocus]').length"),
        ]
        for name in names { steps.append(.open(address + "/items/\(Digest(of: name).hex)")) }
        steps.append(.complaints)
        let results = try Browser.run(steps)
        #expect(results[1] == "\"><script>alert(6)</script>")
        #expect(
            results[3].split(separator: "\n").map(String.init)
                == names.map { "x-" + $0 }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(results[4] == "0")
        // No dialog, nothing that the policy had to keep from happening.
        #expect(results.last == "")
    }

    @Test func pageIsReadableInBothSchemesAndOnAPhone() throws {
        try site.put("directory/a-name-that-is-rather-long-and-has-no-blanks-in-it-at-all-1.2.3.cab", "1")
        try site.put("b", "2")
        let (daemon, address) = try start()
        #expect(daemon.isRunning)
        let item = address + "/items/\(Digest(of: "1").hex)"
        let results = try Browser.run([
            .dark(false), .size(1280, 800), .open(address), .evaluate(Self.background),
            .evaluate(Self.overflow),
            .dark(true), .evaluate(Self.background),
            .size(400, 800), .evaluate(Self.overflow),
            .evaluate("getComputedStyle(document.querySelector('table.list tbody td')).display"),
            .open(item), .evaluate(Self.overflow),
            .complaints,
        ])
        #expect(results[3] == "rgb(255, 255, 255)")
        #expect(results[4] == "false")
        #expect(results[6] == "rgb(19, 21, 24)")
        #expect(results[8] == "false")
        #expect(results[9] == "inline")
        #expect(results[11] == "false")
        #expect(results[12] == "")
    }

    @Test func keysLeadToTheFiles() throws {
        try site.put("a", "1")
        let (daemon, address) = try start()
        #expect(daemon.isRunning)
        let focused =
            "document.activeElement.innerText + ' ' + getComputedStyle(document.activeElement).outlineStyle"
        let results = try Browser.run([
            .open(address), .tab(1), .evaluate(focused),
            // Everything that can be reached can be seen to be.
            .tab(1), .evaluate(focused),
            .evaluate("document.querySelectorAll('main, header, footer, form[role=search]').length"),
            .evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]), select')].every(e => e.labels.length == 1)"
            ),
        ])
        #expect(results[2] == "To the files solid")
        #expect(results[4].hasSuffix(" solid"))
        #expect(results[5] == "4")
        #expect(results[6] == "true")
    }

    /// Contrast of what is written to what it is written on (WCAG 2, AA: 4.5 to 1).
    @Test func contrastIsEnough() throws {
        try site.put("a", "1")
        try site.share("nowhere", as: "lost")
        let (daemon, address) = try start()
        #expect(daemon.isRunning)
        let worst = """
            (() => {
              const numbers = c => c.match(/[\\d.]+/g).map(Number);
              const light = c => numbers(c).slice(0, 3).map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
              const ground = e => { for (; e; e = e.parentElement) {
                const c = numbers(getComputedStyle(e).backgroundColor);
                if (c.length == 3 || c[3] > 0) return getComputedStyle(e).backgroundColor; } };
              let worst = [99, ''];
              for (const e of document.querySelectorAll('body *')) {
                if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
                const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                if (ratio < worst[0]) worst = [ratio, e.tagName];
              }
              return Math.floor(worst[0] * 10);
            })()
            """
        let results = try Browser.run([
            .dark(false), .open(address), .evaluate(worst), .dark(true), .evaluate(worst),
        ])
        // Tenths.
        #expect(try #require(Int(results[2])) >= 45, "light")
        #expect(try #require(Int(results[4])) >= 45, "dark")
    }

    private static let isLong = getenv("PASSIM_LONG") != nil

    /// A thousand files, old enough to be hashed at once, with as many names each as it takes.
    private static let manyFiles = """
        from sys import argv; import os
        place, count = argv[1], int(argv[2])
        for number in range(1000):
            directory = "%s/vendor-%03d" % (place, number)
            os.mkdir(directory)
            first = directory + "/firmware-000000.cab"
            with open(first, "w") as file:
                file.write(str(number) * (number + 1))
            os.utime(first, (1600000000 + number, 1600000000 + number))
            for name in range(1, count // 1000):
                os.link(first, "%s/firmware-%06d.cab" % (directory, name))
        """

    /// A million of them where there is time.
    @Test(.timeLimit(.minutes(60))) func manyFilesDoNotDelayTheFirstPaint() throws {
        let count = Self.isLong ? 1_000_000 : 10_000
        try Command.succeed(
            ["/usr/bin/python3", "-c", Self.manyFiles, site.tree.absolute("mirror"), "\(count)"],
            seconds: 3000)
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass(seconds: 3000)
        let paint = """
            new Promise(done => new PerformanceObserver(list => done(Math.ceil(list.getEntries()[0].startTime)))
              .observe({type: 'paint', buffered: true}))
            """
        let address = "https://localhost:\(daemon.port)"
        // The first one starts the browser's own machinery.
        let results = try Browser.run([
            .open(address + "/healthz"), .open(address), .evaluate(paint), .evaluate(Self.caption),
            .open(address + "/?page=77"), .evaluate(paint), .evaluate(Self.caption),
        ])
        #expect(results[3].hasPrefix("Files 1 to 50 of "))
        #expect(results[6].hasPrefix("Files 3801 to 3850 of "))
        for (what, milliseconds) in [("first page", results[2]), ("page 77", results[5])] {
            print("\(count) files: \(what) painted after \(milliseconds) ms")
            #expect(try #require(Int(milliseconds)) < 1000, "\(what)")
        }
    }
}
