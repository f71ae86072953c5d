/// Chromium without a window, which a test drives step by step over its DevTools protocol, with the keys and
/// the mouse that people have. It reaches this machine only.
package enum Browser {
    package enum Step: Sendable {
        /// Goes there, and waits until it is loaded.
        case open(String)
        /// Pixels of the window.
        case size(Int, Int)
        /// What the system prefers.
        case dark(Bool)
        /// Whether scripts of the page may run.
        case scripts(Bool)
        /// Clicks the first element of that selector, and waits until the page that it leads to is loaded.
        case follow(String)
        /// Puts the cursor into the field, and writes.
        case type(String, into: String)
        /// Enter, and waits until the page that it leads to is loaded.
        case enter
        /// Presses Tab so many times.
        case tab(Int)
        /// - Returns: the value of the expression, awaited where it is a promise: a string as it is, others
        /// as JSON.
        case evaluate(String)
        /// - Parameter path: of a PNG file.
        case screenshot(String)
        /// - Returns: what the browser complained about so far, and the dialogs that were opened; a line
        /// each.
        case complaints
    }

    package static let isPossible: Bool =
        (try? Command.run(["sh", "-c", "test -x /usr/bin/python3 && { \(find); }"]))?.succeeded == true

    /// Debian's name for it, and Fedora's.
    private static let find = "command -v chromium || command -v chromium-browser"

    package static let requirement = "needs chromium and python3 (scripts/test --long installs them)"

    /// - Returns: of each step, what it returns, or an empty string.
    package static func run(_ steps: [Step], seconds: Double = 300) throws -> [String] {
        let tree = try TemporaryTree()
        try tree.write("driver.py", program)
        try tree.makeDirectory("profile")
        let found = try Command.succeed(["sh", "-c", find]).text
        guard let chromium = found.split(separator: "\n").first.map(String.init) else {
            throw TestFailure("no chromium")
        }
        let lines = steps.map { step in step.words.map { encoded($0) }.joined(separator: " ") + "\n" }
        try tree.write("steps", lines.joined())
        let outcome = try Command.succeed(
            [
                "/usr/bin/python3", tree.absolute("driver.py"), chromium, tree.absolute("profile"),
                tree.absolute("steps"),
            ], seconds: seconds)
        let results = outcome.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard results.count == steps.count else {
            throw TestFailure("\(results.count) results of \(steps.count) steps: \(outcome.errorText)")
        }
        return results.map { decoded($0) }
    }

    /// Percent-encoding of all but letters and digits.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Speaks the protocol over the pipes of `--remote-debugging-pipe`: messages in JSON with a NUL behind
    /// each.
    private static let program = """
        from urllib.parse import quote, unquote; import atexit, base64, fcntl, json, os, select, subprocess, sys, time
        program, profile, steps = sys.argv[1:]
        command_read, command_write = os.pipe()
        event_read, event_write = os.pipe()
        # 3 and 4 are where Chromium looks for them; these four numbers are taken, so nobody else has those two.
        theirs = [fcntl.fcntl(number, fcntl.F_DUPFD, 20) for number in (command_read, event_write)]

        def prepare():
            os.dup2(theirs[0], 3)
            os.dup2(theirs[1], 4)

        browser = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-default-apps", "--disable-extensions", "--disable-sync", "--mute-audio",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--ignore-certificate-errors",
             "--user-data-dir=" + profile, "--remote-debugging-pipe", "about:blank"],
            preexec_fn=prepare, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=sys.stderr)
        atexit.register(browser.kill)
        os.close(command_read)
        os.close(event_write)
        for number in theirs:
            os.close(number)
        buffer, last, session, complaints, loads = b"", 0, None, [], 0

        def receive(deadline):
            global buffer
            while b"\\0" not in buffer:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([event_read], [], [], left)[0]:
                    return None
                data = os.read(event_read, 1 << 20)
                if not data:
                    sys.exit("chromium ended")
                buffer += data
            message, buffer = buffer.split(b"\\0", 1)
            message = json.loads(message)
            note(message)
            return message

        def note(message):
            global loads
            method, values = message.get("method"), message.get("params", {})
            if method == "Page.loadEventFired":
                loads += 1
            elif method == "Log.entryAdded":
                complaints.append(values["entry"]["level"] + ": " + values["entry"]["text"])
            elif method == "Runtime.exceptionThrown":
                complaints.append("exception: " + values["exceptionDetails"]["text"])
            elif method == "Page.javascriptDialogOpening":
                complaints.append("dialog: " + values["message"])
                send("Page.handleJavaScriptDialog", accept=True)

        def send(method, **values):
            global last
            last += 1
            message = {"id": last, "method": method, "params": values}
            if session:
                message["sessionId"] = session
            os.write(command_write, json.dumps(message).encode() + b"\\0")
            return last

        def ask(method, **values):
            number = send(method, **values)
            deadline = time.monotonic() + 120
            while True:
                message = receive(deadline)
                if message is None:
                    sys.exit("no answer to " + method)
                if message.get("id") == number:
                    if "error" in message:
                        sys.exit(method + ": " + json.dumps(message["error"]))
                    return message["result"]

        def loaded(before):
            deadline = time.monotonic() + 120
            while loads == before:
                if receive(deadline) is None:
                    sys.exit("nothing was loaded")

        def node(selector):
            root = ask("DOM.getDocument")["root"]["nodeId"]
            found = ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
            if not found:
                sys.exit("nothing is " + selector)
            return found

        def key(name, code, text):
            values = dict(key=name, code=name, windowsVirtualKeyCode=code)
            ask("Input.dispatchKeyEvent", type="keyDown", text=text, **values)
            ask("Input.dispatchKeyEvent", type="keyUp", **values)

        def do(verb, *words):
            before = loads
            if verb == "open":
                failure = ask("Page.navigate", url=words[0]).get("errorText")
                if failure:
                    sys.exit(words[0] + ": " + failure)
                loaded(before)
            elif verb == "size":
                ask("Emulation.setDeviceMetricsOverride", width=int(words[0]), height=int(words[1]),
                    deviceScaleFactor=1, mobile=False)
            elif verb == "dark":
                scheme = "dark" if words[0] == "true" else "light"
                ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            elif verb == "scripts":
                ask("Emulation.setScriptExecutionDisabled", value=words[0] == "false")
            elif verb == "follow":
                found = node(words[0])
                ask("DOM.scrollIntoViewIfNeeded", nodeId=found)
                corners = ask("DOM.getContentQuads", nodeId=found)["quads"][0]
                place = dict(x=sum(corners[0::2]) / 4, y=sum(corners[1::2]) / 4, button="left", clickCount=1)
                ask("Input.dispatchMouseEvent", type="mousePressed", **place)
                ask("Input.dispatchMouseEvent", type="mouseReleased", **place)
                loaded(before)
            elif verb == "type":
                ask("DOM.focus", nodeId=node(words[1]))
                ask("Input.insertText", text=words[0])
            elif verb == "enter":
                key("Enter", 13, "\\r")
                loaded(before)
            elif verb == "tab":
                for _ in range(int(words[0])):
                    key("Tab", 9, "\\t")
            elif verb == "evaluate":
                result = ask("Runtime.evaluate", expression=words[0], awaitPromise=True, returnByValue=True)
                if "exceptionDetails" in result:
                    sys.exit(words[0] + ": " + json.dumps(result["exceptionDetails"]))
                value = result["result"].get("value")
                return value if isinstance(value, str) else json.dumps(value)
            elif verb == "screenshot":
                with open(words[0], "wb") as file:
                    file.write(base64.b64decode(ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
            elif verb == "complaints":
                return "\\n".join(complaints)
            return ""

        target = ask("Target.createTarget", url="about:blank")["targetId"]
        session = ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM"):
            ask(domain + ".enable")
        for line in open(steps):
            words = [unquote(word) for word in line.split()]
            print(quote(do(*words)), flush=True)
        session = None
        send("Browser.close")
        try:
            browser.wait(20)
        except subprocess.TimeoutExpired:
            browser.kill()

        """
}

extension Browser.Step {
    /// As the driver reads them.
    fileprivate var words: [String] {
        switch self {
        case .open(let address): ["open", address]
        case .size(let width, let height): ["size", "\(width)", "\(height)"]
        case .dark(let isDark): ["dark", "\(isDark)"]
        case .scripts(let may): ["scripts", "\(may)"]
        case .follow(let selector): ["follow", selector]
        case .type(let text, let selector): ["type", text, selector]
        case .enter: ["enter"]
        case .tab(let count): ["tab", "\(count)"]
        case .evaluate(let expression): ["evaluate", expression]
        case .screenshot(let path): ["screenshot", path]
        case .complaints: ["complaints"]
        }
    }
}
